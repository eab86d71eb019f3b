"""Disks: room and rights where ensweep writes, and whether file locks work under the store."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.doctor.checks import GB, Check, error, ok, size, warning

TOPIC = "disk"

STORE_LEAST = 100 * 10**6
"""Bytes: checkpoints and results of a small sweep. With less, little gets through."""

STORE_EASY = 4 * GB
"""Bytes: checkpoints of 8 workers with the largest networks of the catalogue (18 million parameters, with momentum and
best state in two slots: 0.44 GB each)."""

CACHE_EASY = 2 * GB
"""Bytes: all data sets, each as archive, unpacked and decoded: 0.5 GB for either CIFAR, 0.2 GB for Fashion-MNIST."""

TEMPORARY_EASY = GB
"""Bytes: Ray's sockets, logs and, where shared memory is small, its object store of 0.25 GB."""

SHARED_EASY = 300 * 10**6
"""Bytes: the object store of a local cluster (256 MiB) and a little; with less, Ray keeps it on disk. Docker gives
containers 64 MB."""

FULL = 0.95
"""Share at which Ray takes a disk for full and refuses to write objects to it."""

NETWORKED = (
    "nfs",
    "cifs",
    "smb",
    "lustre",
    "gpfs",
    "beegfs",
    "ceph",
    "gluster",
    "fuse.",
    "9p",
    "afs",
    "pvfs",
    "wekafs",
)
"""Beginnings of the names of file systems that several machines share, or that a program of the user provides."""

UNLOCKED = ("nolock", "local_lock=all", "local_lock=flock", "noflock", "localflock")
"""Mount options with which one machine does not see another's flock."""


@dataclass(frozen=True)
class Location:
    """A folder that is written to."""

    name: str
    folder: Path
    least: float
    """Bytes with which nothing works: an error."""
    easy: float
    """Bytes with which nothing can go wrong: less is a warning."""
    remedy: str
    fills: bool = False
    """Whether Ray refuses to write where the disk is nearly full."""


def places(store: Path, cache: Path, temporary: Path, shared: Path) -> tuple[Location, ...]:
    """Where ensweep and Ray write on this machine; a store that is a URL is elsewhere."""
    here = (
        () if is_url(store) else (Location("store", store, STORE_LEAST, STORE_EASY, "name another folder by --store"),)
    )
    found = (
        *here,
        Location("cache", cache, 0, CACHE_EASY, "name another folder by ENSWEEP_CACHE"),
        Location("Ray's temporary files", temporary, STORE_LEAST, TEMPORARY_EASY, "remove old files there", fills=True),
    )
    object_store = Location("shared memory", shared, 0, SHARED_EASY, "in a container: docker run --shm-size=1g")
    return (*found, object_store) if shared.is_dir() else found  # macOS has none


def is_url(store: Path) -> bool:
    """Whether a store is on object storage; a path has lost one of the URL's slashes."""
    return store.parts[:1] in (("s3:",), ("gs:",))


def examine(place: Location, usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage) -> Iterator[Check]:
    """Rights and room at one place.

    Args:
        place: the folder; it may be missing, then the folder above it is asked.
        usage: total, used and free bytes of the disk under a folder.
    """
    folder = _existing(place.folder)
    where = f"{place.name}: {place.folder}"
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        yield error(TOPIC, f"{where} cannot be written", f"mend the rights of {folder}, or {place.remedy}")
        return
    total, used, free = usage(folder)
    message = f"{where} has {size(free)} free"
    if free < place.least:
        yield error(TOPIC, f"{message}, which is too little to run", f"free some, or {place.remedy}")
    elif free < place.easy:
        yield warning(TOPIC, f"{message}; {size(place.easy)} are enough for every sweep", place.remedy)
    elif place.fills and used >= FULL * total:
        yield warning(TOPIC, f"{message}, but the disk is over {FULL:.0%} full, and Ray refuses it", place.remedy)
    else:
        yield ok(TOPIC, message)


def examine_locks(store: Path, mounts: Path) -> Iterator[Check]:
    """Whether the store is on a network file system, where its lock may not hold between machines.

    Args:
        store: the store, which may not exist yet.
        mounts: the kernel's table of mounts; nothing is said where it is missing.
    """
    kind, options = _mounted(Path(os.path.realpath(_existing(store))), mounts)
    if is_url(store) or not kind.startswith(NETWORKED):
        return
    if kind.startswith("nfs") and not set(options.split(",")) & set(UNLOCKED):
        yield ok(TOPIC, f"store: {store} is on {kind}, whose locks keep a second driver out on other machines too")
        return
    message = f"store: {store} is on {kind}, where the lock may not keep out a second driver on another machine"
    yield warning(TOPIC, message, "drive a sweep from one machine at a time; results stay single even so")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    absolute = folder.absolute()
    return next((path for path in (absolute, *absolute.parents) if os.path.lexists(path)), absolute)


def _mounted(path: Path, mounts: Path) -> tuple[str, str]:
    """Kind and options of the file system that holds a path; empty where they cannot be known."""
    kind, options, deepest = "", "", -1
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return kind, options
    for line in lines:
        _, at, found_kind, found_options, *_ = line.split(" ")
        at = at.replace("\\040", " ")  # the table's spelling of a blank
        if path.is_relative_to(at) and len(at) >= deepest:  # of equal ones the last is mounted over the others
            kind, options, deepest = found_kind, found_options, len(at)
    return kind, options
