"""A sweep's trials: their states, their stacks, their costs. Nothing here runs a sweep."""
