"""The smoke sweeps of each family train on the real CIFAR-100, every trial with falling loss."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Workplace

DATASETS = Path(os.environ.get("ENSWEEP_DATASETS", Path(__file__).parents[3] / "shared" / "datasets"))


FEWER = (
    "training.epochs=2",
    "dataset.train_examples=1000",
    "evaluation.train_examples=500",
    "evaluation.robustness.repeats=1",
)
"""Half the work or less: the losses fall on 1000 images as on 3000."""


@pytest.mark.slow
@pytest.mark.ray
@pytest.mark.datasets
@pytest.mark.skipif(
    not (DATASETS / "cifar100").is_dir(), reason=f"no cifar100 in {DATASETS}; name a folder by ENSWEEP_DATASETS"
)
@pytest.mark.parametrize("family", ["convnet", "densenet"])
def test_every_trial_learns(workplace: Workplace, family: str) -> None:
    changes = [word for change in FEWER for word in ("--set", change)]
    done = workplace.run("run", f"smoke/cifar100-{family}", "--data-root", str(DATASETS), "--store", "store", *changes)
    assert done.returncode == 0, done.stderr
    files = sorted((workplace.folder / "store" / "attempts").glob("*/*/epochs.parquet"))
    assert len(files) == 4
    for file in files:
        losses = [row["nll"] for row in pq.read_table(file).to_pylist() if row["split"] == "train"]
        assert losses[-1] < losses[0], file.parent.parent.name
