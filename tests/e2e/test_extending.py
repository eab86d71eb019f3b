"""docs/extending.md, applied as it stands to a copy of the project; then every command over what it adds."""

import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from orchestrator.cli import cli
from tests.trees import ROOT, Tree, ensweep

RECIPES = (ROOT / "docs" / "extending.md").read_text()
BLOCK = re.compile(r"```python\n# (?P<file>[\w/.]+), (?P<where>[^\n]+)\n(?P<code>.+?)```", re.DOTALL)

SPEC = """\
name: added
title: Does what was added work?
architectures:
  4xL: {kind: linear, members: 4}
  1xL: {kind: linear, members: 1, learning_rate: 0.05}
  3x4H: {kind: mlp, members: 3, hidden: 4}
methods: [joint, bagging, stacking, subagging]
lambda: [0, 1]
seeds: 2
dataset: {name: blobs, validation: 30}
training: {epochs: 20, batch_size: 20, learning_rate: 0.2}
evaluation: {train_examples: 20, filters: true, robustness: {repeats: 2}}
"""


def apply(tree: Tree, file: str, where: str, code: str) -> None:
    """Put a block of the recipes where its first line says."""
    if where == "a new file":
        tree.add(file, code)
        return
    kind, name = where.split()
    (line,) = re.findall(rf"^{name}\b[^\n]*= ?[({{][^\n]*\n", (tree.place / file).read_text(), re.MULTILINE)
    if kind == "before":
        tree.edit(file, line, f"{code}\n\n{line}")
    elif line.endswith(("{\n", "(\n")):
        tree.edit(file, line, line + "".join(f"    {each}\n" for each in code.splitlines()))
    else:  # a tuple in one line
        tree.edit(file, line, re.sub(r"\)\n$", f", {code.strip().rstrip(',')})\n", line))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = Tree(tmp_path_factory.mktemp("tree"))
    blocks = [found.groupdict() for found in BLOCK.finditer(RECIPES)]
    assert len(blocks) == RECIPES.count("```python")
    for block in blocks:
        apply(made, **block)
    yield made.place
    shutil.rmtree(made.place)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the spec, and the data set as Parquet: a class is where the bright column is."""
    made = tmp_path_factory.mktemp("folder")
    (made / "added.yaml").write_text(SPEC)
    (made / "data" / "blobs").mkdir(parents=True)
    stream = np.random.default_rng(0)
    for split, count in (("train", 90), ("test", 30)):
        labels = np.arange(count) % 3
        images = stream.integers(0, 100, (count, 6, 6), dtype=np.uint8)
        images[np.arange(count), :, labels] += 150
        files = [io.BytesIO() for _ in images]
        for file, image in zip(files, images, strict=True):
            Image.fromarray(image).save(file, "PNG")
        rows = {"image": [file.getvalue() for file in files], "label": labels}
        pq.write_table(pa.table(rows), made / "data" / "blobs" / f"{split}.parquet")
    return made


COMMANDS = (
    ("validate", "added.yaml"),
    ("specs",),
    ("plan", "added.yaml", "--seeds-to-decide"),
    ("run", "added.yaml", "--runner", "inline", "--data-root", "data", "--stack", "2", "--device", "cpu"),
    ("status", "results/added"),
    ("verify", "results/added"),
    ("report", "results/added"),
    ("claims", "results/added"),
    ("export", "results/added", "--table", "trials"),
    ("compare", "results/added", "results/added"),
    ("gc", "results/added"),
    ("repro", "results/added", "{trial}", "--data-root", "data"),
    ("doctor", "--data-root", "data"),
)
"""In this order; a trial of the new method stands for ``{trial}``."""


def test_every_command_works_on_what_the_recipes_add(tree: Path, folder: Path) -> None:
    assert {command for command, *_ in COMMANDS} == set(cli.commands)
    said: dict[str, str] = {}
    trial = ""
    for name, *arguments in COMMANDS:
        done = ensweep(name, *(each.format(trial=trial) for each in arguments), folder=folder, tree=tree)
        assert done.returncode == 0, f"{name}\n{done.stdout}\n{done.stderr}"
        said[name] = done.stdout
        if name == "export":
            rows = [line.split(",") for line in done.stdout.replace('"', "").splitlines()]
            trial = next(row[0] for row in rows if "subagging" in row and "4xL" in row)
    assert "all rows are equal" in said["repro"]
    assert "blobs: data/blobs, which cannot be compared with the published data" in said["doctor"]
    page = (folder / "results" / "added" / "report.html").read_text()
    assert "subagging trains each member on its own random half" in page
    assert "linear, one layer" in page
    status = ensweep("status", "results/added", "--json", folder=folder, tree=tree)
    assert json.loads(status.stdout)["complete"] == 2 * (2 * 2 + 1 + 2 * 3)


def test_what_was_added_learns_and_changes_no_id(tree: Path, folder: Path) -> None:
    exported = ensweep("export", "results/added", "--table", "trials", "--json", folder=folder, tree=tree)
    errors = [row["test_error"] for row in json.loads(exported.stdout)["rows"] if row["kind"] == "linear"]
    assert max(errors) < 0.2, errors  # chance is 2/3
    ids = [ensweep("plan", "smoke/digits", "--json", folder=folder, tree=each).stdout for each in (tree, ROOT)]
    assert ids[0] == ids[1]
