"""Statistics over seeds, which are the unit of replication: numbers in, numbers out."""
