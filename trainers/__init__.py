"""LEARNING: train stacks of member ensembles in PyTorch, independently of Ray, of result files and of reports."""
