"""Data of the right shape and counts that are not what their name says: they run, and everybody is told."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from orchestrator.data.torchvision_files import IDX_FILES
from tests.trees import ensweep_here

SPEC = """\
name: tiny
title: Whose data are these?
architectures: {2x2H: {kind: mlp, members: 2, hidden: 2}}
lambda: [0]
seeds: 1
dataset: {name: fashion_mnist, validation: 1000, train_examples: 100}
training: {epochs: 1, batch_size: 100, learning_rate: 0.1}
evaluation: {train_examples: 0, robustness: {repeats: 0}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the spec, and with idx files of blank images under Fashion-MNIST's name."""
    (tmp_path / "tiny.yaml").write_text(SPEC)
    raw = tmp_path / "data" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file in IDX_FILES:
        total = 60_000 if file.startswith("train") else 10_000
        labels = (np.arange(total) % 10).astype(np.uint8)
        if "images" in file:
            header = struct.pack(">4I", 0x803, total, 28, 28)
            (raw / file).write_bytes(header + np.zeros(total * 784, dtype=np.uint8).tobytes())
        else:
            (raw / file).write_bytes(struct.pack(">2I", 0x801, total) + labels.tobytes())
    return tmp_path


def test_other_data_train_under_a_warning_in_every_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENSWEEP_CACHE", str(folder / "cache"))
    run = ("run", "tiny.yaml", "--data-root", "data", "--runner", "inline", "--device", "cpu")
    warning = "not those of the published fashion_mnist"
    done = ensweep_here(*run, "--store", "one", folder=folder)
    assert (done.returncode, done.stderr.count(warning)) == (0, 1), done.stderr
    again = ensweep_here(*run, "--store", "two", folder=folder)  # from what was decoded before
    assert (again.returncode, again.stderr.count(warning)) == (0, 1), again.stderr
    assert ensweep_here("report", "one", folder=folder).returncode == 0
    page = (folder / "one" / "report.html").read_text()
    said = "1 trial of 1 trained on other data than the published fashion_mnist"
    assert said in page
    compared = ensweep_here("compare", "one", "two", folder=folder).stdout
    assert [f"warning: {side}: {said}" in compared for side in ("first", "second")] == [True, True]
    doctor = ensweep_here("doctor", "--data-root", "data", "--json", folder=folder)
    told = [each for each in json.loads(doctor.stdout) if warning in each["message"]]
    assert [each["level"] for each in told] == ["warning"]
