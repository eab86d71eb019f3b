"""Settings of a run. None of them changes which trials are planned, and none is part of a trial's hash."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


def default_cache() -> Path:
    """Where downloads and decoded data are kept: ``$ENSWEEP_CACHE``, or ``ensweep`` in the user's cache folder."""
    if chosen := os.environ.get("ENSWEEP_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ensweep"


@dataclass(frozen=True)
class Settings:
    """Device, threads, paths and retries of one run."""

    data_root: Path | None = None
    """Folder with data sets; None downloads through torchvision into the cache."""
    cache: Path = field(default_factory=default_cache)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = 1
    """CPU threads per worker. Commits record the number, because it changes the order of float sums."""
    concurrency: int | None = None
    """Most stacks that run at once; None uses all of the machine or cluster."""
    stack: int | Literal["auto"] = "auto"
    """Most trials of a stack. ``auto`` is 1 on a CPU or a remote cluster, and as many as fit on a local GPU."""
    gpus_per_stack: float = 1.0
    """GPUs per stack, where there are GPUs; may be a fraction."""
    max_retries: int = 2
    """Times a stack is tried again after its worker died or raised an error."""
    checkpoint_seconds: float = 10.0
    """Seconds between a stack's checkpoints; 0 writes one after every epoch."""
    lease_seconds: float = 30.0
    """Seconds without a sign of life after which a driver loses the store. One that is known to be dead loses it at
    once."""
    trust_network: bool = False
    """Whether to use a Ray cluster at ``address`` that does not authenticate its clients."""
    runner: Literal["tune", "inline"] = "tune"
    address: str = "local"
    """Ray cluster to use; ``local`` starts one on this machine and stops it afterwards."""
