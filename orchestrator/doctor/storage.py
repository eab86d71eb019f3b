"""Disks: free space and permissions where ensweep writes, and whether file locks work under the store."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.doctor.checks import GB, Check, error, ok, size, warning

TOPIC = "disk"

STORE_LEAST = 100 * 10**6
"""Bytes for checkpoints and results of a small sweep. With less, hardly any sweep can run."""

STORE_EASY = 4 * GB
"""Bytes for checkpoints of 8 workers with the largest networks of the catalogue. Each takes 0.44 GB: 18 million
parameters, with momentum and best state, in two slots."""

CACHE_EASY = 2 * GB
"""Bytes for all data sets, each as archive, unpacked and decoded: 0.5 GB per CIFAR set, 0.2 GB for Fashion-MNIST."""

TEMPORARY_EASY = GB
"""Bytes for Ray's sockets and logs and, if shared memory is small, its object store of 0.25 GB."""

SHARED_EASY = 300 * 10**6
"""Bytes for the object store of a local cluster (256 MiB), with a reserve. With less, Ray keeps it on disk. Docker
gives containers 64 MB."""

FULL = 0.95
"""Share in use from which Ray considers a disk full and refuses to write objects to it."""

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
"""Prefixes of file system types that several machines may share, or that a user's program provides."""

UNLOCKED = ("nolock", "local_lock=all", "local_lock=flock", "noflock", "localflock")
"""Mount options with which a machine does not see another machine's ``flock``."""


@dataclass(frozen=True)
class Location:
    """A folder that is written to."""

    name: str
    folder: Path
    least: float
    """Free bytes below which a run fails: an error."""
    easy: float
    """Free bytes that suffice for every sweep: less is a warning."""
    remedy: str
    fills: bool = False
    """Whether Ray refuses to write here once the disk is nearly full (:data:`FULL`)."""


def places(store: Path, cache: Path, temporary: Path, shared: Path) -> tuple[Location, ...]:
    """The folders of this machine that ensweep and Ray write to, without a store on object storage."""
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
    """Whether a store is on object storage. ``Path`` drops one of the URL's two slashes."""
    return store.parts[:1] == ("s3:",)


def examine(place: Location, usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage) -> Iterator[Check]:
    """Check permissions and free space at one place.

    Args:
        place: the folder. If it does not exist, the nearest folder above it is checked.
        usage: returns total, used and free bytes of the disk that holds a folder.
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
        mounts: the kernel's table of mounts. If it is missing, nothing is reported.
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
    """Type and mount options of the file system that holds a path; empty if unknown."""
    kind, options, deepest = "", "", -1
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return kind, options
    for line in lines:
        _, at, found_kind, found_options, *_ = line.split(" ")
        at = at.replace("\\040", " ")  # the table's spelling of a blank
        if path.is_relative_to(at) and len(at) >= deepest:  # of equal mount points, the last covers the others
            kind, options, deepest = found_kind, found_options, len(at)
    return kind, options
