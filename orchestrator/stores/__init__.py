"""A sweep's store: what is committed, who drives it, whether it is whole. Knows nothing of Ray."""
