"""How the command line writes numbers."""


def clock(seconds: float) -> str:
    """A duration as ``mm:ss``, or as ``h:mm:ss`` from one hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
