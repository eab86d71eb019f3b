"""Every sweep that ships loads, expands and says what the paper says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import specs.loading
from orchestrator import datasets
from specs.loading import catalogue, catalogue_names, dump_sweep, load_sweep, parse_sweep
from specs.sweep import PlannedTrial, expand
from trainers.training import train

FOLDER = Path(specs.loading.__file__).parent / "catalogue"


def trials(name: str) -> tuple[PlannedTrial, ...]:
    return expand(load_sweep(name))


def rates(name: str, architecture: str) -> dict[float, float]:
    chosen = [trial.spec for trial in trials(name) if trial.architecture == architecture]
    return {spec.lam: spec.training.learning_rate for spec in chosen}


def parameters(name: str) -> dict[str, int]:
    return {trial.architecture: trial.spec.total_parameters for trial in trials(name)}


@pytest.mark.parametrize("name", catalogue_names())
def test_every_file_loads_expands_and_dumps(name: str) -> None:
    sweep = load_sweep(name)
    ids = [trial.id for trial in expand(sweep)]
    assert len(ids) == len(set(ids)) > 0
    assert sweep.name == name.replace("/", "-")
    assert parse_sweep(dump_sweep(sweep), "dump.yaml") == sweep


def test_every_file_in_the_folder_is_listed() -> None:
    files = {path for path in FOLDER.rglob("*") if path.is_file()}
    assert {entry.path for entry in catalogue()} == files
    assert {entry.name: entry.trials for entry in catalogue()} == {"paper/fashion-mlp": 110, "smoke/digits": 48}


def test_the_paper_s_parameter_counts() -> None:
    assert parameters("paper/fashion-mlp") == {
        "1x1024H": 814_090,
        "16x64H": 814_240,
        "64x16H": 814_720,
        "256x4H": 816_640,
    }


def test_the_paper_s_learning_rates() -> None:
    def by_lambda(low: float, high: float) -> dict[float, float]:
        return {0.0: low, 0.5: low, 0.8: low, 0.9: low, 0.95: low, 0.99: high, 1.0: high}

    assert rates("paper/fashion-mlp", "1x1024H") == {1.0: 0.02}
    assert rates("paper/fashion-mlp", "16x64H") == by_lambda(0.32, 0.096)
    assert rates("paper/fashion-mlp", "64x16H") == by_lambda(1.28, 0.384)
    assert rates("paper/fashion-mlp", "256x4H") == by_lambda(5.15, 1.536)


def test_the_paper_s_settings() -> None:
    sweep = load_sweep("paper/fashion-mlp")
    assert (sweep.training.epochs, sweep.training.batch_size, sweep.training.momentum) == (200, 100, 0.9)
    assert (sweep.dataset.validation, sweep.training.selection, sweep.seed_numbers) == (
        10_000,
        "validation",
        (0, 1, 2, 3, 4),
    )
    assert sweep.training.weight_decay == 0
    assert not sweep.training.milestones
    assert sweep.full_scale is not None
    assert (sweep.full_scale.epochs, sweep.full_scale.seeds) == (200, 5)
    assert (sweep.evaluation.robustness.repeats, sweep.evaluation.robustness.masks) == (20, ("example",))


def test_the_digits_share_one_parameter_budget() -> None:
    assert parameters("smoke/digits") == {"1x256H": 19_210, "4x64H": 19_240, "16x16H": 19_360, "64x4H": 19_840}


@pytest.mark.parametrize(("architecture", "members"), [("4x64H", 4), ("16x16H", 16), ("64x4H", 64)])
def test_the_digits_learning_rates_follow_the_paper_s_rule(architecture: str, members: int) -> None:
    for lam, rate in rates("smoke/digits", architecture).items():
        assert rate == pytest.approx(0.02 * members * (0.3 if lam >= 0.99 else 1))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Threads cost such small networks more than they bring, above all on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("architecture", ["1x256H", "4x64H", "16x16H", "64x4H"])
def test_every_digits_trial_learns(architecture: str, tmp_path: Path) -> None:
    sweep = load_sweep("smoke/digits", ["seeds=1", "training.epochs=15", "evaluation.robustness.repeats=0"])
    stack = [trial.spec for trial in expand(sweep) if trial.architecture == architecture]
    arrays = datasets.load("digits", None, tmp_path).arrays
    for result in train(stack, arrays, device=torch.device("cpu")):
        error = result.trial["test_error"]
        assert isinstance(error, float)
        assert error < 0.15
