"""How a sweep is run: nothing here changes which trials there are, and nothing here is hashed."""

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
    """CPU threads a worker; part of the environment, because it changes the order of float sums."""
    concurrency: int | None = None
    """Most stacks at once; None uses what the machine or cluster has."""
    stack: int | Literal["auto"] = "auto"
    """Most trials of a stack; ``auto`` means one on a CPU or a cluster elsewhere, and as many as fit on a GPU here."""
    gpus_per_stack: float = 1.0
    """GPU share of a stack, where there are GPUs."""
    max_retries: int = 2
    """Times a stack is tried again after its worker died or raised an error."""
    checkpoint_seconds: float = 10.0
    """Time between a stack's checkpoints; 0 writes one after every epoch."""
    lease_seconds: float = 30.0
    """Without a sign of life for so long, a driver that is not known to be dead loses the store."""
    trust_network: bool = False
    """Use a Ray cluster at ``address`` although nothing authenticates who speaks to it."""
    runner: Literal["tune", "inline"] = "tune"
    address: str = "local"
    """Ray cluster to use; ``local`` starts one on this machine and stops it afterwards."""
