"""What ``plan --estimate`` says: from complete trials where there are some, else from a calibration."""

import json
import statistics
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from orchestrator.base.settings import Settings
from orchestrator.cli import cli
from orchestrator.driver.sweep import run_sweep
from orchestrator.planning import costs
from orchestrator.planning.plan import make_plan
from orchestrator.stores.store import Store
from specs.sweep import SweepSpec, expand
from tests.orchestrator.conftest import SWEEP


def sweep(**changes: object) -> SweepSpec:
    return SweepSpec.model_validate(SWEEP | changes)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two seeds of 4x2H at λ = 0 and 1, and of 1x8H."""
    store = Store.at(tmp_path / "store")
    run_sweep(sweep(), store, Settings(cache=tmp_path / "cache", runner="inline", device="cpu"))
    return store


def estimated(store: Store, **changes: object) -> costs.Estimate:
    commits = store.commits()
    return costs.estimate(make_plan(expand(sweep(**changes)), commits), store, commits)


def test_complete_trials_tell_what_the_rest_costs(store: Store) -> None:
    found = {cell.architecture: cell for cell in estimated(store, seeds=5).cells}
    rows = [
        pq.read_table(file, columns=["architecture", "seconds", "peak_memory"]).to_pylist()[0]
        for file in (store.storage.folder or Path()).glob("attempts/*/*/trials.parquet")
    ]
    for name, todo in (("4x2H", 6), ("1x8H", 3)):
        own = [row for row in rows if row["architecture"] == name]
        assert (found[name].todo, found[name].source) == (todo, "store")
        assert found[name].seconds == pytest.approx(statistics.median(row["seconds"] for row in own))
        assert found[name].memory == max(row["peak_memory"] for row in own)


def test_a_cell_without_trials_or_with_damaged_ones_is_calibrated(store: Store) -> None:
    for trial in expand(sweep()):
        if trial.architecture == "1x8H":
            (file,) = (store.storage.folder or Path()).glob(f"attempts/{trial.id}/*/trials.parquet")
            file.write_bytes(b"PAR1")
    sources = {cell.architecture: cell.source for cell in estimated(store, seeds=3).cells}
    assert sources == {"4x2H": "store", "1x8H": "calibration"}


def test_nothing_left_costs_nothing(store: Store) -> None:
    found = estimated(store)
    assert (found.cells, found.training_seconds, found.wall_seconds) == ((), 0, 0)
    assert found.text() == "estimate: nothing is left to do"


def test_totals_by_hand() -> None:
    cells = (
        costs.CellCost("a", "joint", 6, 10.0, 2 * 10**9, "store"),
        costs.CellCost("b", "joint", 1, 100.0, 10**9, "calibration"),
    )
    two, many = costs.Estimate(cells, 2), costs.Estimate(cells, 8)
    assert (two.training_seconds, two.wall_seconds) == (160, 100), "one trial of 100 s is not divided"
    assert many.wall_seconds == 100
    assert costs.Estimate(cells[:1], 2).wall_seconds == 30
    assert "160 s" not in two.text()
    assert two.text().splitlines()[0] == ("estimate: 3 min of training, 100 s on 2 workers, at most 4.0 GB of memory")


def test_the_command_says_it_in_json(tmp_path: Path) -> None:
    spec = tmp_path / "x.yaml"
    spec.write_text(json.dumps(SWEEP))
    asked = ["plan", str(spec), "--store", str(tmp_path / "none"), "--estimate", "--concurrency", "1", "--json"]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)["estimate"]
    assert told["workers"] == 1
    assert [(cell["architecture"], cell["todo"], cell["source"]) for cell in told["cells"]] == [
        ("1x8H", 2, "calibration"),
        ("4x2H", 4, "calibration"),
    ]
    assert told["wall_seconds"] == pytest.approx(sum(cell["todo"] * cell["seconds"] for cell in told["cells"]))
