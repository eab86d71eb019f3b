"""``ensweep compare``: what changed between two stores, and why; nothing where nothing did."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.stores.store import Store
from reports.claims import judge
from reports.comparison import UNEXPLAINED, Compared, compare
from reports.frames.frames import load
from specs.format.commits import Commit
from specs.sweep import PlannedTrial, SweepSpec, expand
from tests.reports.synthetic import ENVIRONMENT, commit, rows, sweep, write_store
from tests.warm import ensweep

STEPS = [[{"architecture": "20x4H", "lambda": lam}] for lam in (0.99, 0)]
CLAIM = {"id": "A1", "sentence": "It errs less.", "source": "text", "predicate": {"kind": "order", "steps": STEPS}}
CELL = "20x4H λ\u00a0=\u00a00.99"


def spec(**changes: object) -> SweepSpec:
    return sweep(claims=[CLAIM], full_scale={"epochs": 6, "seeds": 3}, **changes)


def compared(first: Store, second: Store) -> Compared:
    before, after = load(first.storage), load(second.storage)
    return compare(before, after, judge([before]), judge([after]))


def in_cell(trial: PlannedTrial) -> bool:
    return trial.architecture == "20x4H" and trial.spec.lam == 0.99


def worse_store(folder: Path, worse: Callable[[PlannedTrial], bool], **environment: str) -> Store:
    """A store in which some trials err on ten points more than they did."""
    store = write_store(folder, spec(), lambda trial: None)
    for trial in expand(spec()):
        if not worse(trial):
            commit(store, trial, "complete", **environment)
            continue
        tables = rows(trial)
        row = tables["trials"][0]
        row |= {"test_error": 0.1 + float(str(row["test_error"])), "weights_sha256": "other"}
        attempt, files = store.write_attempt(trial.id, tables)
        told = ENVIRONMENT | environment
        store.commit(Commit(trial_id=trial.id, status="complete", attempt=attempt, files=files, environment=told))
    return store


def test_lambdas_of_two_stores_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    near = 0.1 + 0.2
    stores = [write_store(tmp_path / f"{lam}", sweep(**{"lambda": [0, lam, 1]}, seeds=1)) for lam in (0.3, near)]
    changed = [change.what for change in compared(*stores).numbers if change.what.startswith("20x4H")]
    assert changed == ["20x4H λ\u00a0=\u00a00.3", f"20x4H λ\u00a0=\u00a0{near}"]


def test_equal_stores_differ_in_nothing(tmp_path: Path) -> None:
    found = compared(write_store(tmp_path / "a", spec()), write_store(tmp_path / "b", spec()))
    assert (found.spec, found.environments, found.verdicts, found.numbers) == ((), (), (), ())
    assert (found.claims, found.cells) == (1, 11)
    trials = found.trials
    assert (trials.planned, trials.complete) == ((33, 33), (33, 33))
    assert (trials.shared, trials.both, trials.equal) == (33, 33, 33)


def test_a_changed_number_is_named_and_not_explained_away(tmp_path: Path) -> None:
    second = worse_store(tmp_path / "b", lambda trial: in_cell(trial) and trial.spec.seed == 1)
    found = compared(write_store(tmp_path / "a", spec()), second)
    (change,) = found.numbers
    assert (change.what, change.why) == (CELL, (UNEXPLAINED,))
    assert change.before != change.after
    assert change.after.endswith("n = 3")
    assert (found.trials.both, found.trials.equal) == (33, 32)


def test_what_a_commit_does_not_record_is_a_dash_and_a_failure_is_no_environment(tmp_path: Path) -> None:
    first = write_store(tmp_path / "a", spec(), lambda trial: "complete" if trial.spec.seed else None)
    second = write_store(tmp_path / "b", spec(), lambda trial: None)
    for trial in expand(spec()):
        if trial.spec.seed:
            commit(second, trial, "complete", **({"stack": "8"} if trial.spec.seed == 2 else {}))
    for store, died in ((first, True), (second, False)):
        for trial in expand(spec()):
            if not trial.spec.seed and died:
                told = Commit(trial_id=trial.id, status="failed", attempt="none", files={}, environment={})
                store.commit(told)
    assert [each.described() for each in compared(first, second).environments] == ["stack – → 8, –"]


def test_a_verdict_that_changed_is_named_with_a_reason(tmp_path: Path) -> None:
    found = compared(write_store(tmp_path / "a", spec()), worse_store(tmp_path / "b", in_cell))
    (change,) = found.verdicts
    assert change.what == "A1: It errs less."
    assert change.before.startswith("reproduced. ")
    assert change.after.startswith("not reproduced. ")
    assert change.why == (UNEXPLAINED,)


def test_another_version_is_why_a_number_changed(tmp_path: Path) -> None:
    found = compared(write_store(tmp_path / "a", spec()), worse_store(tmp_path / "b", in_cell, torch="3.0"))
    (change,) = found.numbers
    assert change.why == ("torch 2.11.0 → 3.0",)
    assert [each.described() for each in found.environments] == ["torch 2.11.0 → 3.0"]
    assert "versions: torch 2.11.0 → 3.0" in found.verdicts[0].why


def test_missing_seeds_are_why_a_number_changed(tmp_path: Path) -> None:
    def second(trial: PlannedTrial) -> Any:
        return {1: "failed", 2: None}.get(trial.spec.seed, "complete") if in_cell(trial) else "complete"

    found = compared(write_store(tmp_path / "a", spec()), write_store(tmp_path / "b", spec(), second))
    (change,) = found.numbers
    assert change.what == CELL
    assert change.why == ("seed 1: complete → failed", "seed 2: complete → missing")
    assert found.trials.complete == (33, 31)
    assert any(why.startswith("missing: nothing → ") for why in found.verdicts[0].why)


def test_the_command_names_the_field_of_the_spec_that_changed(tmp_path: Path) -> None:
    longer = {"epochs": 7, "batch_size": 64, "learning_rate": 0.1}
    write_store(tmp_path / "a", spec(seeds=1))
    write_store(tmp_path / "b", spec(seeds=1, training=longer, **{"lambda": [0, 0.99, 1]}))
    worse_store(tmp_path / "c", in_cell)
    text, told = (run(tmp_path, "a", "b"), json.loads(run(tmp_path, "a", "c", "--json")))
    assert "training.epochs 6 → 7" in text
    assert "planned in both: 0; complete in both: 0, of them equal: 0" in text
    assert "only the first store plans it" in text
    assert told["trials"]["complete"] == [11, 33]
    assert "seeds" in {each["path"] for each in told["spec"]}
    assert [each["why"] for each in told["numbers"] if each["what"] == "4x16H λ\u00a0=\u00a00"] == [
        ["seed 1: not planned → complete", "seed 2: not planned → complete"]
    ]


def test_the_command_says_nothing_changed_of_a_store_and_itself(tmp_path: Path) -> None:
    write_store(tmp_path / "a", spec(seeds=1))
    text = run(tmp_path, "a", "a")
    assert "spec: no differences" in text
    assert "verdicts that changed, of 1 claims: 0" in text
    assert "mean test errors that changed, of 11 cells: 0" in text


def run(folder: Path, *arguments: str) -> str:
    done = ensweep("compare", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout
