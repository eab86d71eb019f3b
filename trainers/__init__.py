"""LEARNING: train stacks of member ensembles in PyTorch. Knows nothing of Ray, files of results or reports."""
