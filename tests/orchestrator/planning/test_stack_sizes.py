"""How many trials fit a GPU: arithmetic on what was measured, which a test here makes up."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from orchestrator.base.settings import Settings
from orchestrator.cli import cli
from orchestrator.planning import stack_sizes
from orchestrator.planning.plan import make_plan
from orchestrator.planning.stack_sizes import MOST_TRIALS, Measured, fitting
from specs.sweep import SweepSpec, expand
from specs.trial import TrialSpec
from trainers import costs

GB = 10**9


@pytest.mark.parametrize(
    ("found", "share", "trials"),
    [
        (Measured(one=2 * GB, two=3 * GB, free=10 * GB), 1.0, 4),  # 8 GB: one and six more, rounded down from 7
        (Measured(one=2 * GB, two=3 * GB, free=12 * GB), 1.0, 8),
        (Measured(one=2 * GB, two=3 * GB, free=12 * GB), 4.0, 8),  # more than one GPU is no more memory
        (Measured(one=2 * GB, two=3 * GB, free=12 * GB), 0.5, 2),  # 4.8 GB: one and two more
        (Measured(one=9 * GB, two=17 * GB, free=10 * GB), 1.0, 1),
        (Measured(one=GB, two=GB, free=10 * GB), 1.0, MOST_TRIALS),
        (None, 1.0, 1),
    ],
)
def test_as_many_as_fit_in_four_fifths_of_the_free_memory(found: Measured | None, share: float, trials: int) -> None:
    assert fitting(found, share) == trials


def test_a_little_more_or_less_free_memory_changes_no_group() -> None:
    sizes = {fitting(Measured(GB, 2 * GB, int(free * GB))) for free in (13.5, 14, 15, 16, 17)}
    assert sizes == {8}


@pytest.fixture
def on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(stack_sizes, "DRIVERS", (Path("/"),))


def test_each_shape_is_measured_once_and_has_its_own_size(sweep: Callable[..., SweepSpec], on_a_gpu: None) -> None:
    asked = []

    def measure(spec: TrialSpec) -> Measured:
        asked.append(spec)
        return Measured(GB * spec.architecture.members, 2 * GB * spec.architecture.members, 5 * GB)

    trials = expand(sweep(seeds=3))
    told: list[str] = []
    sizes = stack_sizes.chosen_stack_size(make_plan(trials, {}), Settings(), measure, told.append)
    assert [line.split(", by")[0] for line in told] == [
        "--stack auto: 3 of 1x8H, joint",
        "--stack auto: 1 of 4x2H, joint",
    ]
    assert {trial.architecture: sizes(trial.spec) for trial in trials} == {
        "1x8H": 3,
        "4x2H": 1,
    }  # there are three of the first, and four fit
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("gpus", "share", "most"),
    [(1, 1.0, 6), (2, 1.0, 3), (4, 1.0, 2), (2, 0.5, 2), (4, 2.0, 3), (1, 2.0, 6), (100, 1.0, 1)],
)
def test_no_gpu_stands_idle_beside_a_large_stack(
    sweep: Callable[..., SweepSpec],
    on_a_gpu: None,
    monkeypatch: pytest.MonkeyPatch,
    gpus: int,
    share: float,
    most: int,
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    trials = [trial for trial in expand(sweep(seeds=3)) if trial.architecture == "4x2H"]
    assert len(trials) == 6
    sizes = stack_sizes.chosen_stack_size(
        make_plan(trials, {}), Settings(gpus_per_stack=share), lambda spec: Measured(GB, GB + 1, 999 * GB)
    )
    assert {sizes(trial.spec) for trial in trials} == {most}


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        (Settings(stack=5), 5),
        (Settings(stack=5, address="ray://elsewhere:10001"), 5),
        (Settings(device="cpu"), 1),
        (Settings(address="ray://elsewhere:10001"), 1),  # nothing can be measured there
    ],
)
def test_nothing_is_measured_where_it_is_said_or_cannot_be(
    sweep: Callable[..., SweepSpec], on_a_gpu: None, settings: Settings, most: int
) -> None:
    trials = expand(sweep())
    sizes = stack_sizes.chosen_stack_size(make_plan(trials, {}), settings, lambda spec: pytest.fail("it was measured"))
    assert {sizes(trial.spec) for trial in trials} == {most}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_auto_is_one_on_a_cpu(sweep: Callable[..., SweepSpec]) -> None:
    trials = expand(sweep())
    assert {stack_sizes.chosen_stack_size(make_plan(trials, {}), Settings())(trial.spec) for trial in trials} == {1}


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "all"])
def test_a_size_that_is_none_ends_with_2(value: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["run", "smoke/digits", "--store", str(tmp_path), "--stack", value])
    assert done.exit_code == 2
    assert "neither auto nor a number of trials" in done.output


def test_what_does_not_fit_twice_is_trained_alone(
    sweep: Callable[..., SweepSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda gpu: (10 * GB // (gpu + 1), 16 * GB))
    spec = expand(sweep())[0].spec
    for most, expected in ((2, Measured(GB, 2 * GB, 5 * GB)), (1, None), (0, None)):

        def peak(spec: TrialSpec, trials: int, device: torch.device, most: int = most) -> int:
            if trials > most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return trials * GB

        monkeypatch.setattr(costs, "peak", peak)
        assert stack_sizes._measured(spec) == expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_real_gpu_is_measured(sweep: Callable[..., SweepSpec]) -> None:
    found = stack_sizes.measured(expand(sweep())[-1].spec)
    assert found is not None
    assert 0 < found.one <= found.two < found.free
