"""What runs in a worker: one stack, from its specs to its commits."""
