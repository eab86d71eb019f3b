"""What runs in the driver: a sweep from its start to its end, on Ray or in this process."""
