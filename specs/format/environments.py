"""The environment that a commit records: which of its items may change a trial's numbers."""

NUMERIC_PACKAGES = ("torch", "numpy")
"""Packages whose versions may change a trial's numbers."""
DECISIVE = (*NUMERIC_PACKAGES, "numerics", "machine", "device", "threads", "data")
"""Items that may change a trial's numbers by more than rounding."""
STACK = "stack"
"""Number of trials that were trained in one program; absent where the trial was alone. It may change last digits."""
GRAPH = "graph"
"""Number of networks that one graph held; absent where no number depends on it. It may change last digits."""
ROUNDING = (STACK, GRAPH)
"""Items that may change last digits alone."""
EARLIER = "earlier"
"""Names of the environments that trained the first epochs; None where there was only one."""
