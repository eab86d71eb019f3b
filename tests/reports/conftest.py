"""Frames of a synthetic store, and the ways in which a store can be partial."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.stores.storage import Storage
from reports.frames.frames import Frames, load
from specs.format.commits import Status
from specs.sweep import PlannedTrial, SweepSpec
from tests.reports.synthetic import Outcome, sweep, write_store

FramesOf = Callable[..., Frames]


def partial(trial: PlannedTrial) -> Status | None:
    """One cell lacks a seed, one has a diverged one, one failed whole, one is missing whole."""
    name, lam, seed = trial.architecture, trial.spec.lam, trial.spec.seed
    if name == "4x16H" and lam == 0.9:
        return None if seed == 2 else "complete"
    if name == "4x16H" and lam == 1:
        return "diverged" if seed == 1 else "complete"
    if name == "20x4H" and lam == 0.5:
        return "failed"
    if name == "20x4H" and lam == 0.9:
        return None
    return "complete"


@pytest.fixture
def frames_of(tmp_path: Path) -> FramesOf:
    """Writes a store and reads it back."""

    def build(outcome: Outcome = lambda trial: "complete", spec: SweepSpec | None = None) -> Frames:
        return load(write_store(tmp_path / "store", spec or sweep(), outcome).storage)

    return build


@pytest.fixture(scope="session")
def partial_store(tmp_path_factory: pytest.TempPathFactory) -> Storage:
    """A store with every kind of gap; read it only."""
    return write_store(tmp_path_factory.mktemp("partial") / "store", sweep(), partial).storage


@pytest.fixture(scope="session")
def partial_frames(partial_store: Storage) -> Frames:
    return load(partial_store)


@pytest.fixture(scope="session")
def full_frames(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    return load(write_store(tmp_path_factory.mktemp("full") / "store", sweep()).storage)
