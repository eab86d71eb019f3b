"""What a sweep's trials are, how far they are, how they are stacked, what they cost. Runs nothing."""
