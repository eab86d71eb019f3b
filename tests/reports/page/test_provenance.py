"""Which differences of environments a page warns of, and how it lists them."""

from pathlib import Path

import pandas as pd
import pytest

from reports.frames.frames import Frames, load
from reports.page import provenance
from specs.format.commits import Commit
from specs.sweep import PlannedTrial, expand
from tests.reports.synthetic import ENVIRONMENT, commit, sweep, write_store


def frames(folder: Path, *environments: dict[str, str | int | None]) -> Frames:
    """A store whose trials ran in these environments by turns, the first one most often; {} is a failure."""
    spec = sweep(architectures={"4x16H": {"kind": "mlp", "members": 4, "hidden": 16}})
    store = write_store(folder, spec, lambda trial: None)
    for i, trial in enumerate(expand(spec)):
        _end(store, trial, environments[i] if i < len(environments) else environments[0])
    return load(store.storage)


def _end(store: object, trial: PlannedTrial, environment: dict[str, str | int | None]) -> None:
    if environment:
        commit(store, trial, "complete", **{k: v for k, v in environment.items() if ENVIRONMENT.get(k) != v})  # type: ignore[arg-type]
    else:
        store.commit(  # type: ignore[attr-defined]
            Commit(trial_id=trial.id, status="failed", attempt="none", files={}, message="died", environment={})
        )


def rows(found: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in provenance.table(found).rows}


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"device": "NVIDIA H200"}, "device"),
        ({"torch": "2.12.0"}, "torch"),
        ({"threads": 8}, "threads"),
        ({"numerics": 3}, "numerics"),
        ({"earlier": "0123456789ab"}, "earlier"),
        ({"stack": 32}, ""),
        ({"graph": 16}, ""),
        ({"python": "3.13.0"}, ""),
        ({"ray": "3.0.0"}, ""),
    ],
)
def test_only_what_can_change_numbers_is_warned_of(
    tmp_path: Path, other: dict[str, str | int | None], differing: str
) -> None:
    first = {**ENVIRONMENT, "python": "3.11.0", "ray": "2.60.0", "numerics": 2}
    found = provenance.environments(frames(tmp_path, first, {**first, **other}))
    said = provenance.warning(found)
    assert said == (
        f"Trials ran in 2 different environments, which differ in {differing}: differences between cells may come from "
        "these."
        if differing
        else ""
    )
    if not {"stack", "graph"} & other.keys():
        assert rows(found)[next(iter(other))][-1] == "differs"


def test_the_sizes_of_stacks_are_listed_and_make_no_environment(tmp_path: Path) -> None:
    own = frames(tmp_path, {**ENVIRONMENT, "stack": 8}, {**ENVIRONMENT, "stack": 35}, {**ENVIRONMENT})
    found = provenance.environments(own)
    assert rows(found)["stack"] == ("1, 8 and 35", "")
    assert rows(found)["trials"] == ("15", "")
    assert " · 1 environment · " in provenance.summary(own, found)


def test_the_sizes_of_graphs_are_listed_where_numbers_depend_on_them(tmp_path: Path) -> None:
    own = frames(tmp_path, {**ENVIRONMENT, "graph": 8}, {**ENVIRONMENT, "graph": 16}, {**ENVIRONMENT})
    assert rows(provenance.environments(own))["graph"] == ("8 and 16", "")
    own = frames(tmp_path / "two", {**ENVIRONMENT, "graph": 8}, {**ENVIRONMENT, "device": "another"})
    assert sorted(rows(provenance.environments(own))["graph"][:2]) == ["8", "–"]


def test_a_failure_names_no_environment_and_numbers_stay_whole(tmp_path: Path) -> None:
    own = frames(tmp_path, {**ENVIRONMENT}, {})
    found = provenance.environments(own)
    assert provenance.warning(found) == ""
    assert rows(found)["threads"] == ("2", "")
    assert rows(found)["trials"] == ("14", "")


def test_a_store_of_failures_and_an_empty_one_count_no_environment(tmp_path: Path) -> None:
    for name, environments in (("failed", [{}] * 15), ("empty", None)):
        spec = sweep(architectures={"4x16H": {"kind": "mlp", "members": 4, "hidden": 16}})
        own = (
            load(write_store(tmp_path / name, spec, lambda trial: None).storage)
            if environments is None
            else frames(tmp_path / name, *environments)
        )
        found = provenance.environments(own)
        assert provenance.table(found).rows == []
        assert provenance.summary(own, found) == "Data: digits · 6 epochs"
