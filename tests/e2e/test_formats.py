"""A store outlives the version that made it: golden stores of every format, and programs that are older or newer."""

import csv
import hashlib
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from specs import identity
from specs.format.commits import seal
from specs.format.records import TABLES, VERSION
from tests.trees import Tree, ensweep, ensweep_here

GOLDEN = Path(__file__).parents[1] / "golden"
NUMERICS = 2
"""Of the golden stores: a later version computes other numbers, and would train all of it again."""
RUN = ("run", "spec.yaml", "--store", "store", "--runner", "inline", "--device", "cpu", "--stack", "2")


@pytest.fixture(params=range(1, VERSION + 1))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a golden store, its spec, and what its tables hold."""
    with tarfile.open(GOLDEN / f"format-{request.param}.tar.xz") as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path


@pytest.fixture(autouse=True)
def numerics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "NUMERICS_VERSION", NUMERICS)


def run(folder: Path, *arguments: str, code: int = 0, tree: Path | None = None) -> str:
    if tree:
        done = ensweep(*arguments, folder=folder, tree=tree, numerics=NUMERICS)
    else:
        done = ensweep_here(*arguments, folder=folder)
    assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def counts(folder: Path, *arguments: str, tree: Path | None = None) -> tuple[int, int, int, int]:
    """Complete, to do, failed and diverged trials."""
    found = json.loads(run(folder, "plan", "spec.yaml", "--store", "store", "--json", *arguments, tree=tree))
    assert found["damaged"] == []
    return found["complete"], found["todo"], found["failed"], found["diverged"]


def files(store: Path) -> dict[str, bytes]:
    """What was committed: commits, and the files that they name."""
    found = [*(store / "commits").iterdir(), *(store / "attempts").rglob("*.parquet")]
    return {str(path.relative_to(store)): path.read_bytes() for path in found}


def table(folder: Path, name: str, tree: Path | None = None) -> list[dict[str, str]]:
    text = run(folder, "export", "store", "--table", name, tree=tree)
    return list(csv.DictReader(text.splitlines()))


def agree(found: list[dict[str, str]], expected: list[dict[str, str]]) -> None:
    """Every value of every expected column is there; numbers may be spelled otherwise."""
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        for column, value in wanted.items():
            assert row[column] == value or json.loads(row[column]) == json.loads(value), (column, row[column], value)


def test_a_golden_store_is_whole_and_every_value_is_read(folder: Path) -> None:
    assert "36 commits, whole" in run(folder, "verify", "store")
    assert counts(folder) == (25, 0, 1, 2)
    assert json.loads(run(folder, "status", "store", "--json", code=4))["todo"] == 14  # of the spec that ran last
    for name in TABLES:
        if (expected := folder / "expected" / f"{name}.csv").exists():
            agree(table(folder, name), list(csv.DictReader(expected.read_text().splitlines())))


def test_a_golden_store_is_run_extended_and_reported(folder: Path) -> None:
    store = folder / "store"
    before = files(store)
    assert "executed 0 trials" in run(folder, *RUN, code=3)  # a failure and two divergences are its own
    assert "executed 14 trials" in run(folder, *RUN, "--set", "seeds=3", code=3)
    assert before.items() <= files(store).items()
    assert not list((store / "withdrawn").glob("*"))
    resumed = [json.loads(line) for log in store.glob("logs/workers/*.jsonl") for line in log.read_text().splitlines()]
    assert {line["epoch"] for line in resumed if line["event"] == "trained"} == {1, 3}  # one stack was under way
    assert "50 commits, whole" in run(folder, "verify", "store")
    run(folder, "report", "store", "--output", "page.html")
    page = (folder / "page.html").read_text()
    assert "38 of 42 planned trials complete" in page
    assert "Not measured" not in page


# A later version: two columns, one of them in every row, and a table, all of which older results lack.
COLUMN = 'Column("environment", "string", "", "fingerprint of versions, device and threads", incidental=True),\n'
LATER = VERSION + 1
NEW_COLUMNS = f"""\
        Column("test_new", "float", "", "may be null", nullable=True, since={LATER}),
        Column("test_required", "float", "", "in every row from now on", since={LATER}),
"""
TABLE = "TABLES = {table.name: table for table in (TRIALS, EPOCHS, ROBUSTNESS, FILTERS)}"
NEW_TABLE = f"""\
DIAGNOSTICS = Table("diagnostics", ("trial_id",), (Column("trial_id", "string", "", "identity"),), since={LATER})
TABLES = {{table.name: table for table in (TRIALS, EPOCHS, ROBUSTNESS, FILTERS, DIAGNOSTICS)}}"""


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The program as a later version: more columns, a new table, and a field of the spec for one kind alone."""
    tree = Tree(tmp_path_factory.mktemp("later"))
    tree.edit("specs/format/records.py", f"VERSION = {VERSION}\n", f"VERSION = {LATER}\n")
    tree.edit("specs/format/records.py", COLUMN, COLUMN + NEW_COLUMNS)
    tree.edit("specs/format/records.py", TABLE, NEW_TABLE)
    tree.edit(
        "specs/architectures.py",
        '    """Hidden units of one member."""\n',
        '    """Hidden units of one member."""\n    depth: Annotated[Count, AddedLater(before=1)] = 1\n',
    )
    tree.edit(
        "specs/architectures.py",
        "from specs.base import",
        "from specs.additions import AddedLater\nfrom specs.base import",
    )
    yield tree.place
    shutil.rmtree(tree.place)


@pytest.mark.parametrize("folder", [VERSION], indirect=True)  # earlier ones meet a later version in every test here
def test_a_later_version_takes_nothing_back_and_names_what_was_not_measured(folder: Path, later: Path) -> None:
    before = files(folder / "store")
    assert counts(folder, tree=later) == (25, 0, 1, 2)
    assert "36 commits, whole" in run(folder, "verify", "store", tree=later)
    assert "executed 0 trials" in run(folder, *RUN, code=3, tree=later)
    assert files(folder / "store") == before
    assert (folder / "store" / "format").read_text() == f"{LATER}\n"
    rows = table(folder, "trials", tree=later)
    assert {(row["test_new"], row["test_required"]) for row in rows} == {("", "")}
    assert table(folder, "diagnostics", tree=later) == []
    run(folder, "report", "store", "--output", "page.html", tree=later)
    page = (folder / "page.html").read_text()
    assert "Not measured" in page
    assert "trials.test_required (25 trials)" in page
    assert "diagnostics (25 trials)" in page
    assert "trials.test_new" not in page  # null there may mean that there was nothing to measure
    # A value of the new field other than what trials always were makes other trials, and plan says why.
    changed = run(folder, "plan", "spec.yaml", "--store", "store", "--set", "architectures.3x2H.depth=2", tree=later)
    assert "architecture.depth 1 → 2" in changed


@pytest.fixture
def newer(folder: Path) -> Path:
    """A golden store as a newer version might have gone on with it: more of everything."""
    store = folder / "store"
    (store / "format").write_text("99\n")
    path = sorted(path for path in (store / "commits").iterdir() if json.loads(path.read_text())["files"])[0]
    commit = json.loads(path.read_text())
    place = store / "attempts" / commit["trial_id"] / commit["attempt"]
    rows = pq.read_table(place / "trials.parquet")
    pq.write_table(rows.append_column("test_of_tomorrow", pa.array([1.0])), place / "trials.parquet")
    commit["files"]["trials"]["sha256"] = hashlib.sha256((place / "trials.parquet").read_bytes()).hexdigest()
    _reseal(path, commit | {"said_tomorrow": {"more": 1}})
    _respec(store, lambda text: text.replace("training:\n", "training:\n  of_tomorrow: 3\n"))
    return folder


def _reseal(path: Path, commit: dict[str, Any]) -> None:
    fields = {name: value for name, value in commit.items() if name != "seal"}
    path.write_text(json.dumps(fields | {"seal": seal(fields)}))


def _respec(store: Path, change: Any) -> None:
    text = change((store / "specs" / f"{(store / 'specs' / 'current').read_text()}.yaml").read_text())
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    (store / "specs" / f"{digest}.yaml").write_text(text)
    (store / "specs" / "current").write_text(digest)


def test_a_store_of_a_newer_version_is_read_as_far_as_it_is_known_and_never_written(newer: Path) -> None:
    before = {path: path.read_bytes() for path in newer.rglob("*") if path.is_file()}
    for command in (
        RUN,
        ("gc", "store", "--delete"),
        ("report", "store"),
    ):
        done = ensweep_here(*command, folder=newer)
        assert done.returncode == 2, (command, done.stdout, done.stderr)
        assert "version 99" in done.stderr
        assert "update ensweep" in done.stderr
    assert {path: path.read_bytes() for path in newer.rglob("*") if path.is_file()} == before
    assert "36 commits, whole" in run(newer, "verify", "store")
    assert json.loads(run(newer, "status", "store", "--json", code=4))["complete"] == 25
    agree(table(newer, "trials"), list(csv.DictReader((newer / "expected" / "trials.csv").read_text().splitlines())))
    done = ensweep_here("report", "store", "--output", "page.html", folder=newer)
    assert done.returncode == 0, done.stderr
    assert "version 99" in done.stderr
    assert "version 99" in (newer / "page.html").read_text()
