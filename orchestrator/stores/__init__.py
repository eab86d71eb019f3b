"""A sweep's store: its commits, its driver's lease, and its verification. Nothing here uses Ray."""
