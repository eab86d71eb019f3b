"""Disks that are full, and places that cannot be written: real small file systems, and the same failure anywhere."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.stores import verification
from orchestrator.stores.store import Store
from tests.e2e.conftest import ENSWEEP, Workplace
from tests.processes import HANG

INLINE = ("--runner", "inline")

PLACES = {
    "checkpoint": ("checkpoint.save", "checkpoints"),
    "attempt": ("attempt.table", "attempts"),
    "commit": ("commit", "commits"),
}
"""What is written after which point, and below which key."""


@pytest.fixture
def mounted() -> Iterator[Callable[..., None]]:
    """Mounts a small file system of its own on a folder, until the test ends."""
    folders: list[Path] = []

    def mount(folder: Path, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "ensweep-test", str(folder)]
        if folder in folders:
            command = ["mount", "-o", f"remount,{options}", str(folder)]
        if os.getuid() or not shutil.which("mount"):
            pytest.skip("only root can mount a small file system")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        if folder not in folders:
            folders.append(folder)

    yield mount
    for folder in folders:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room on the file system of a folder."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    return ballast


def failures_told(text: str) -> int:
    return text.count("No space left on device")


def check_told(done: "subprocess.CompletedProcess[str]", store: Path) -> None:
    """The path is named, once, with what to do; nothing was tried again and again."""
    assert done.returncode == 4, done.stderr
    assert f"cannot write {store}" in done.stderr
    assert "free some space" in done.stderr
    assert "run the same command" in done.stderr
    assert failures_told(done.stderr) == 1
    assert "Traceback" not in done.stderr


def test_a_disk_that_fills_up_ends_the_run_and_a_freed_one_completes_it(
    workplace: Workplace, uninterrupted: Callable[..., Workplace], mounted: Callable[..., None]
) -> None:
    workplace.store.mkdir(parents=True)
    mounted(workplace.store, "size=256k")
    first = workplace.run("run", "tiny.yaml", *INLINE)
    check_told(first, workplace.store)
    kept = workplace.commits()
    assert 0 < len(kept) < 6, "make the disk larger or smaller"
    store = Store.at(workplace.store)
    assert verification.verify(store) == []
    assert all(commit["status"] == "complete" for commit in kept.values())
    assert workplace.run("status", "results/tiny").returncode == 4
    assert workplace.run("verify", "results/tiny").returncode == 0
    mounted(workplace.store, "size=8m")
    again = workplace.run("run", "tiny.yaml", *INLINE, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["executed"] == 6 - len(kept)
    assert {trial_id: workplace.commits()[trial_id] for trial_id in kept} == kept
    assert workplace.rows() == uninterrupted().rows()


def test_a_disk_without_any_room_ends_the_run_before_any_work(
    workplace: Workplace, mounted: Callable[..., None]
) -> None:
    workplace.store.mkdir(parents=True)
    mounted(workplace.store, "size=64k")
    ballast = fill(workplace.store)
    done = workplace.run("run", "tiny.yaml", *INLINE)
    check_told(done, workplace.store)
    assert "trials" not in done.stderr
    ballast.unlink()
    mounted(workplace.store, "size=8m")
    assert workplace.run("run", "tiny.yaml", *INLINE, "--set", "seeds=1").returncode == 0


def test_gc_makes_room_on_a_disk_that_has_none(
    workplace: Workplace, uninterrupted: Callable[..., Workplace], mounted: Callable[..., None]
) -> None:
    workplace.store.mkdir(parents=True)
    mounted(workplace.store, "size=1m")
    shutil.copytree(uninterrupted().store, workplace.store, dirs_exist_ok=True)
    lost = workplace.store / "attempts" / "t1" / "lost"
    lost.mkdir(parents=True)
    for name in ("trials", "epochs"):
        (lost / f"{name}.parquet").write_bytes(b"x" * 20_000)
    fill(workplace.store)
    done = workplace.run("gc", "results/tiny", "--older-than", "0", "--delete", "--json")
    assert done.returncode == 0, done.stderr
    removed = {item["key"] for item in json.loads(done.stdout)["files"]}
    assert removed == {"attempts/t1/lost/trials.parquet", "attempts/t1/lost/epochs.parquet"}
    assert workplace.run("verify", "results/tiny").returncode == 0


@pytest.mark.parametrize("place", ["checkpoint", "attempt", "commit"])
def test_a_write_that_finds_no_room_is_not_repeated_for_every_trial(
    workplace: Workplace, uninterrupted: Callable[..., Workplace], place: str
) -> None:
    point, folder = PLACES[place]
    done = workplace.run_with_fault(point, 1, "full for good", "run", "tiny.yaml", *INLINE, "--checkpoint-seconds", "0")
    check_told(done, workplace.store / folder)
    assert workplace.commits() == {}
    assert verification.verify(Store.at(workplace.store)) == []
    assert not [path for path in workplace.store.rglob(".*") if path.is_file()], "something half-written is left"
    again = workplace.run("run", "tiny.yaml", *INLINE)
    assert again.returncode == 0, again.stderr
    assert workplace.rows() == uninterrupted().rows()


def test_a_read_only_store_ends_every_command_that_writes_before_any_work(
    workplace: Workplace, uninterrupted: Callable[..., Workplace], mounted: Callable[..., None]
) -> None:
    workplace.store.mkdir(parents=True)
    mounted(workplace.store, "size=8m")
    shutil.copytree(uninterrupted().store, workplace.store, dirs_exist_ok=True)
    lost = workplace.store / "attempts" / "t1" / "lost" / "trials.parquet"
    lost.parent.mkdir(parents=True)
    lost.write_bytes(b"12345")
    mounted(workplace.store, "ro,size=8m")
    for arguments in (
        ("run", "tiny.yaml", *INLINE),
        ("run", "tiny.yaml"),
        ("report", "results/tiny"),
        ("gc", "results/tiny", "--older-than", "0", "--delete"),
    ):
        done = workplace.run(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert str(workplace.store) in done.stderr
        assert "Read-only file system" in done.stderr
        assert (done.stderr.count("\n"), done.stdout) == (1, ""), arguments
    assert lost.exists()
    for arguments in (
        ("status", "results/tiny"),
        ("verify", "results/tiny"),
        ("gc", "results/tiny"),
        ("plan", "tiny.yaml"),
    ):
        assert workplace.run(*arguments).returncode == 0, arguments
    assert workplace.run("report", "results/tiny", "--output", "page.html").returncode == 0


def test_a_data_cache_that_cannot_be_written_ends_the_run_before_any_work(
    workplace: Workplace, mounted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = workplace.folder / "cache"
    cache.mkdir()
    mounted(cache, "ro,size=64k")
    monkeypatch.setenv("ENSWEEP_CACHE", str(cache))
    for options in ((), INLINE):
        done = workplace.run("run", "tiny.yaml", *options)
        assert done.returncode == 2, done.stderr
        assert str(cache) in done.stderr
        assert "ENSWEEP_CACHE" in done.stderr
        assert done.stderr.count("\n") == 1
        assert workplace.commits() == {}


def test_a_full_data_cache_ends_the_run_before_any_work(
    workplace: Workplace, mounted: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = workplace.folder / "cache"
    cache.mkdir()
    mounted(cache, "size=64k")
    monkeypatch.setenv("ENSWEEP_CACHE", str(cache))
    done = workplace.run("run", "tiny.yaml", *INLINE)
    assert done.returncode in (2, 4), done.stderr
    assert str(cache) in done.stderr
    assert "No space left" in done.stderr
    assert done.stderr.count("\n") == 1
    mounted(cache, "size=32m")
    assert workplace.run("run", "tiny.yaml", *INLINE).returncode == 0


@pytest.mark.parametrize("unreadable", ["commits", "specs/current"])
def test_a_store_that_may_not_be_read_is_not_taken_for_an_empty_one(
    workplace: Workplace, uninterrupted: Callable[..., Workplace], unreadable: str
) -> None:
    shutil.copytree(uninterrupted().store, workplace.store)
    place = workplace.store / unreadable
    before = place.stat().st_mode
    place.chmod(0)
    command = [*powerless(), str(ENSWEEP), "status", str(workplace.store)]
    done = subprocess.run(command, cwd=workplace.folder, capture_output=True, text=True, timeout=HANG, check=False)
    place.chmod(before)
    assert done.returncode == 2, done.stderr
    assert f"cannot read {place}: Permission denied" in done.stderr
    assert done.stderr.count("\n") == 1


def powerless() -> list[str]:
    """What runs a command without root's power to read everything."""
    if os.getuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root reads everything, and there is no setpriv that takes this power from a command")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


@pytest.mark.ray
@pytest.mark.slow
def test_a_disk_that_fills_up_under_ray_ends_the_run_and_a_freed_one_completes_it(
    workplace: Workplace, uninterrupted: Callable[..., Workplace], mounted: Callable[..., None]
) -> None:
    workplace.store.mkdir(parents=True)
    mounted(workplace.store, "size=256k")
    first = workplace.run("run", "tiny.yaml")
    check_told(first, workplace.store)
    kept = workplace.commits()
    assert len(kept) < 6
    assert verification.verify(Store.at(workplace.store)) == []
    assert all(commit["status"] == "complete" for commit in kept.values())
    mounted(workplace.store, "size=64m")
    again = workplace.run("run", "tiny.yaml", "--json")
    assert again.returncode == 0, again.stderr
    assert {trial_id: workplace.commits()[trial_id] for trial_id in kept} == kept
    assert workplace.rows() == uninterrupted().rows()
