"""What ``plan``, ``status`` and ``repro`` say of a store: while it runs, after a death, after a change."""

import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestrator.stores.store import Store
from specs.format.commits import Commit
from specs.identity import NUMERICS_VERSION
from tests.e2e.conftest import ENSWEEP, Workplace
from tests.processes import HANG, wait_for

INLINE = ("--runner", "inline")
ENDLESS = ("--set", "training.epochs=100000")

OTHER_NUMERICS = """
import sys
from specs import identity
identity.NUMERICS_VERSION += 1
from orchestrator import cli
sys.argv = ["ensweep", *sys.argv[1:]]
cli.main()
"""


@pytest.fixture
def finished(workplace: Workplace, uninterrupted: Callable[..., Workplace]) -> Workplace:
    """A workplace whose sweep is complete."""
    shutil.copytree(uninterrupted().store, workplace.store)
    return workplace


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def planned(workplace: Workplace, *arguments: str) -> dict[str, Any]:
    done = workplace.run("plan", "tiny.yaml", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def whys(plan: dict[str, Any]) -> set[str]:
    return {row["why"] for row in plan["stale_trials"]}


def rewritten(workplace: Workplace, trial_id: str, **changes: object) -> None:
    """Replace fields of a commit, so that it still counts as written."""
    path = workplace.store / "commits" / f"{trial_id}.json"
    path.write_bytes(Commit.model_validate(json.loads(path.read_text()) | changes | {"seal": ""}).content())


def an_ensemble(workplace: Workplace) -> str:
    """Id of a trial of several members."""
    return next(str(row["trial_id"]) for row in workplace.rows()["trials"] if row["members"] == 4)


def test_plan_says_what_is_done_to_do_failed_and_stale_by_which_field(finished: Workplace) -> None:
    before = snapshot(finished.store)
    assert planned(finished)["complete"] == 6
    added = planned(finished, "--set", "lambda=[0, 0.5, 1]")
    assert (added["todo"], added["complete"], added["stale"]) == (2, 6, 0)
    changed = planned(finished, "--set", "training.epochs=5")
    assert (changed["todo"], changed["stale"], whys(changed)) == (6, 6, {"training.epochs 3 → 5"})
    assert whys(planned(finished, "--set", "architectures.4x4H.hidden=5")) == {"architecture.hidden 4 → 5"}
    removed = planned(finished, "--set", "lambda=[1]")
    assert (removed["complete"], whys(removed)) == (4, {"the spec no longer has this cell"})
    text = finished.run("plan", "tiny.yaml", "--set", "training.epochs=5").stdout
    assert "4x4H λ=0 seed 0: training.epochs 3 → 5" in text
    failed = an_ensemble(finished)
    rewritten(finished, failed, status="failed", files={}, attempt="", cause="error", environment={})
    assert planned(finished)["failed"] == 1
    assert {path: before[path] for path in before if failed not in path} == {
        path: found for path, found in snapshot(finished.store).items() if failed not in path
    }


def test_plan_knows_a_renamed_architecture_and_another_numerics_version(finished: Workplace) -> None:
    other = subprocess.run(
        [sys.executable, "-c", OTHER_NUMERICS, "plan", "tiny.yaml", "--json"],
        cwd=finished.folder, capture_output=True, text=True, timeout=HANG, check=True,
    )  # fmt: skip
    now, then = NUMERICS_VERSION, NUMERICS_VERSION + 1
    assert whys(json.loads(other.stdout)) == {f"numerics version {now} → {then}: this program computes it otherwise"}
    finished.spec.write_text(finished.spec.read_text().replace("4x4H:", "four-small:"))
    renamed = planned(finished)
    assert (renamed["complete"], renamed["stale"]) == (6, 0)


def test_plan_and_status_go_on_where_a_commit_is_damaged(finished: Workplace) -> None:
    (finished.store / "commits" / f"{an_ensemble(finished)}.json").write_text("{")
    found = planned(finished, "--set", "training.epochs=5")
    assert (len(found["damaged"]), found["stale"]) == (1, 5)
    done = finished.run("status", "results/tiny")
    assert done.returncode == 4, done.stderr
    assert "1 commits are damaged" in done.stdout


def test_status_follows_a_sweep_and_its_death_from_another_folder(workplace: Workplace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def status(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(ENSWEEP), "status", str(workplace.store), *arguments]
        return subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, timeout=HANG, check=False)

    driver = workplace.start("run", "tiny.yaml", *INLINE, *ENDLESS, "--lease-seconds", "2")
    wait_for((workplace.store / "specs" / "current").exists)
    wait_for(lambda: json.loads(status("--json").stdout)["epochs_per_second"])
    done = status("--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["running"], told["driver"]["pid"]) == (4, True, driver.pid)
    assert len(told["under_way"]) == 1
    assert told["eta_seconds"] == pytest.approx(told["epochs_left"] / told["epochs_per_second"])
    text = status().stdout
    assert f"a driver is at work: process {driver.pid} on" in text
    assert ": ETA " in text
    assert "under way: 1x16H λ=1 seed 0" in text

    driver.send_signal(signal.SIGSTOP)
    wait_for(lambda: json.loads(status("--json").stdout)["driver"]["state"] == "silent")
    assert "a new run takes over" in status().stdout
    driver.send_signal(signal.SIGKILL)
    driver.communicate(timeout=HANG)
    dead = status()
    assert dead.returncode == 4
    assert f"no driver is at work; the last was process {driver.pid} on" in dead.stdout
    assert "a run at that rate would take" in dead.stdout
    assert "under way" not in dead.stdout
    assert not list(elsewhere.iterdir())


def test_status_reads_nothing_from_a_hostile_lock(finished: Workplace) -> None:
    lock = finished.store / "lock"
    record = json.loads(lock.read_text())
    record |= {"progress": {"running": {"x": "y", "z": -1}, "epochs_per_second": 1e-320}, "released": False}
    next((finished.store / "commits").glob("*.json")).unlink()
    for content in (json.dumps(record), "{", json.dumps(record | {"host": "\x1b[2J"})):
        lock.write_text(content)
        done = finished.run("status", "results/tiny")
        assert done.returncode == 4, done.stderr
        assert "\x1b" not in done.stdout


def test_a_watch_ends_when_nothing_is_left_and_by_a_key(finished: Workplace) -> None:
    commit = finished.store / "commits" / f"{an_ensemble(finished)}.json"
    commit.rename(finished.folder / "kept")
    watch = finished.start("status", "results/tiny", "--watch")
    assert watch.stdout is not None
    assert "5 of 6 trials complete" in watch.stdout.readline()
    other = finished.start("status", "results/tiny", "--watch", "--json")
    assert other.stdout is not None
    other.stdout.readline()
    other.send_signal(signal.SIGINT)
    _, err = other.communicate(timeout=HANG)
    assert (other.returncode, "Traceback" in err) == (130, False)
    (finished.folder / "kept").rename(commit)
    out, _ = watch.communicate(timeout=HANG)
    assert (watch.returncode, "6 of 6 trials complete" in out) == (0, True)


def test_repro_tells_equal_rows_from_doctored_ones_and_only_reads(finished: Workplace) -> None:
    trial_id = an_ensemble(finished)
    before = snapshot(finished.store)
    equal = finished.run("repro", "results/tiny", trial_id[:6])
    assert equal.returncode == 0, equal.stderr
    assert "all rows are equal" in equal.stdout
    doctor(finished, trial_id)
    doctored = snapshot(finished.store)
    done = finished.run("repro", "results/tiny", trial_id)
    assert done.returncode == 6, done.stdout
    assert "trials: test_error 0.5 stored, " in done.stdout
    rewritten(finished, trial_id, environment=finished.commits()[trial_id]["environment"] | {"torch": "1.0"})
    other = finished.run("repro", "results/tiny", trial_id, "--json")
    assert other.returncode == 3
    (why,) = json.loads(other.stdout)["elsewhere"]
    assert why.startswith("trained with torch 1.0, here ")
    damaged = next((finished.store / "attempts" / trial_id).glob("*/trials.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert finished.run("repro", "results/tiny", trial_id).returncode == 6
    (finished.store / "commits" / f"{trial_id}.json").write_text("{")
    unreadable = finished.run("repro", "results/tiny", trial_id)
    assert (unreadable.returncode, "is damaged" in unreadable.stderr) == (6, True)
    assert before.keys() == doctored.keys() == snapshot(finished.store).keys()


def doctor(workplace: Workplace, trial_id: str) -> None:
    """Replace a stored number, so that all checksums hold."""
    store = Store.at(workplace.store)
    commit = store.committed(trial_id)
    assert isinstance(commit, Commit)
    path = workplace.store / "attempts" / trial_id / commit.attempt / "trials.parquet"
    table = pq.read_table(path)
    column = table.schema.get_field_index("test_error")
    changed = table.set_column(column, table.schema.field(column), pa.array([0.5], table.schema.field(column).type))
    content = io.BytesIO()
    pq.write_table(changed, content, write_page_checksum=True)
    path.write_bytes(content.getvalue())
    files = commit.model_dump(mode="json")["files"]
    files["trials"]["sha256"] = hashlib.sha256(content.getvalue()).hexdigest()
    rewritten(workplace, trial_id, files=files)


def test_repro_names_the_trial_that_is_meant(finished: Workplace) -> None:
    unknown = finished.run("repro", "results/tiny", "xyz")
    assert (unknown.returncode, "no spec here plans a trial 'xyz'" in unknown.stderr) == (2, True)
    ambiguous = finished.run("repro", "results/tiny", "")
    assert (ambiguous.returncode, "begins 6 ids; give more of it" in ambiguous.stderr) == (2, True)


def test_repro_of_a_failed_trial_shows_its_traceback(finished: Workplace) -> None:
    trial_id = an_ensemble(finished)
    rewritten(finished, trial_id, status="failed", files={}, attempt="", cause="error", environment={})
    again = finished.run_with_fault("batch", 1, "error", "repro", "results/tiny", trial_id)
    assert again.returncode == 3, again.stderr
    assert "failed in the store, failed here" in again.stdout
    assert "Traceback (most recent call last)" in again.stdout
    assert "ValueError: a fault at batch" in again.stdout
    assert again.stderr == ""
    well = finished.run("repro", "results/tiny", trial_id)
    assert (well.returncode, "failed in the store, complete here" in well.stdout) == (3, True)


def test_other_versions_on_resume_are_told_tagged_and_reported(finished: Workplace) -> None:
    commits = finished.commits()
    doctored, removed = sorted(commits)[:2]
    rewritten(finished, doctored, environment=commits[doctored]["environment"] | {"torch": "1.0"})
    (finished.store / "commits" / f"{removed}.json").unlink()
    done = finished.run("run", "tiny.yaml", *INLINE)
    assert done.returncode == 0, done.stderr
    assert "warning: 1 committed trial was trained with torch 1.0, not " in done.stderr
    assert "rows are tagged with their environment" in done.stderr
    assert finished.commits()[removed]["environment"]["torch"] != "1.0"
    report = finished.run("report", "results/tiny")
    assert "torch" in (finished.folder / report.stdout.strip()).read_text()
    assert "1.0" in (finished.folder / report.stdout.strip()).read_text()


def test_a_checkpoint_that_was_continued_under_other_versions_is_tagged(workplace: Workplace) -> None:
    arguments = ("run", "tiny.yaml", *INLINE, "--checkpoint-seconds", "0")
    killed = workplace.run_with_fault("checkpoint.saved", 2, "kill", *arguments)
    assert killed.returncode == -signal.SIGKILL
    done = workplace.run(*arguments, "--threads", "2")
    assert done.returncode == 0, done.stderr
    tagged = {trial: commit["environment"]["earlier"] for trial, commit in workplace.commits().items()}
    (trial,) = (trial for trial, earlier in tagged.items() if earlier)
    again = workplace.run("repro", "results/tiny", trial, "--json")
    assert again.returncode in (0, 3)
    assert "went on from a checkpoint that was made in another environment" in again.stdout
