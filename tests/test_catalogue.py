"""Every sweep that ships loads, expands and says what the paper says."""

from pathlib import Path

import pytest
import torch

import specs.loader
from orchestrator.data import datasets
from orchestrator.planning.overview import describe_plan
from orchestrator.planning.plan import make_plan
from specs.architectures import DenseNet
from specs.claims import Claim
from specs.loader import catalogue, catalogue_names, dump_sweep, load_sweep, parse_sweep
from specs.predicates import Value
from specs.sweep import PlannedTrial, expand
from trainers.training import train

FOLDER = Path(specs.loader.__file__).parent / "catalogue"
TRIALS = {
    "extensions/fashion-mlp-fixed-lr": 110,
    "paper/cifar100-convnet": 160,
    "paper/cifar100-convnet-filters": 10,
    "paper/cifar100-densenet": 54,
    "paper/fashion-mlp": 140,
    "reduced/cifar100-convnet": 24,
    "reduced/cifar100-densenet": 20,
    "reduced/fashion-mlp": 84,
    "smoke/baselines": 8,
    "smoke/cifar100-convnet": 4,
    "smoke/cifar100-densenet": 4,
    "smoke/digits": 48,
}
"""How many trials each sweep of the catalogue plans."""


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
    assert {entry.name: entry.trials for entry in catalogue()} == TRIALS


@pytest.mark.parametrize("name", TRIALS)
def test_every_sweep_is_planned_whole_and_says_what_it_serves(name: str) -> None:
    planned = make_plan(trials(name), {})
    assert len(planned.of("todo")) == TRIALS[name]
    assert describe_plan(planned)
    assert load_sweep(name).serves


@pytest.mark.parametrize("name", [name for name in TRIALS if name.startswith(("reduced/", "smoke/cifar"))])
def test_what_is_reduced_says_so(name: str) -> None:
    sweep = load_sweep(name)
    assert sweep.full_scale is not None
    assert sweep.training.epochs < sweep.full_scale.epochs
    assert sweep.notes.startswith("Reduced from paper/")
    assert name.startswith("smoke/") or "reduced" in sweep.title


@pytest.mark.parametrize("name", [name for name in TRIALS if name.startswith("paper/")])
def test_what_is_the_paper_s_is_at_full_scale(name: str) -> None:
    sweep = load_sweep(name)
    assert sweep.full_scale is not None
    assert (sweep.training.epochs, len(sweep.seed_numbers)) == (sweep.full_scale.epochs, sweep.full_scale.seeds)
    assert sweep.dataset.train_examples is None
    assert sweep.training.momentum == 0.9


def stated(prefix: str) -> dict[tuple[str, str], Claim]:
    names = [name for name in TRIALS if name.startswith(prefix)]
    return {(name, claim.id): claim for name in names for claim in load_sweep(name).claims}


def test_a_reduced_sweep_states_claims_of_the_paper_in_the_paper_s_form() -> None:
    of_paper = {claim.id: claim for claim in stated("paper/").values()}
    reduced = stated("reduced/")
    assert {name for name, _ in reduced} == {name for name in TRIALS if name.startswith("reduced/")}
    for (name, own_id), claim in reduced.items():
        theirs = of_paper[own_id]
        assert (claim.source, claim.predicate.kind) == (theirs.source, theirs.predicate.kind), own_id
        assert claim.join == theirs.join or not claim.others
        if name != "reduced/fashion-mlp":  # whose networks are the paper's own
            assert not claim.paper
            assert not isinstance(claim.predicate, Value)


MLPS = {"1x1024H": 814_090, "16x64H": 814_240, "64x16H": 814_720, "256x4H": 816_640}
DENSENETS = {"DN-High": 3_200_128, "DN-Mid": 2_132_448, "DN-Low": 1_685_056}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("paper/fashion-mlp", MLPS),
        ("extensions/fashion-mlp-fixed-lr", MLPS),
        ("reduced/fashion-mlp", MLPS),
        ("paper/cifar100-densenet", DENSENETS),
        (
            "paper/cifar100-convnet",
            {"16x76K": 1_220_160, "16x291K": 4_650_560, "16x643K": 10_292_800, "16x1134K": 18_146_880},
        ),
        ("paper/cifar100-convnet-filters", {"10x291K": 2_906_600}),
    ],
)
def test_the_paper_s_parameter_counts(name: str, expected: dict[str, int]) -> None:
    assert parameters(name) == expected


def test_the_paper_s_learning_rates_of_convnets() -> None:
    for name in ("16x76K", "16x291K", "16x643K", "16x1134K"):
        lams = (0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.99)
        assert rates("paper/cifar100-convnet", name) == dict.fromkeys(lams, 0.096) | {1: 0.032}
    assert rates("paper/cifar100-convnet-filters", "10x291K") == {0: 0.06, 1: 0.02}


@pytest.mark.parametrize("name", ["paper/cifar100-convnet", "paper/cifar100-convnet-filters"])
def test_the_paper_s_settings_of_convnets(name: str) -> None:
    sweep = load_sweep(name)
    assert (sweep.training.epochs, sweep.training.batch_size, len(sweep.seed_numbers)) == (400, 100, 5)
    assert (sweep.dataset.name, sweep.dataset.validation, sweep.training.selection) == (
        "cifar100",
        10_000,
        "validation",
    )
    assert (sweep.training.augmentation, sweep.training.weight_decay, sweep.methods) == ("flip-crop", 0, ("joint",))
    assert sweep.evaluation.filters == name.endswith("-filters")


def test_the_paper_s_settings_of_densenets() -> None:
    sweep = load_sweep("paper/cifar100-densenet")
    training = sweep.training
    assert (training.epochs, training.batch_size, training.learning_rate, training.weight_decay) == (300, 64, 0.1, 1e-4)
    assert (training.milestones, training.milestone_factor, training.augmentation) == ((150, 225), 0.1, "flip-crop")
    assert (sweep.dataset.name, sweep.dataset.validation, training.selection) == ("cifar100", 0, "final")
    assert (sweep.lambdas, len(sweep.seed_numbers)) == ((0, 0.5, 0.9, 1), 3)
    held_out = {trial.spec.method: trial.spec.dataset.validation for trial in trials("paper/cifar100-densenet")}
    assert held_out == {"joint": 0, "bagging": 0, "stacking": 5_000}
    shapes = {
        trial.architecture: (network.depth, network.growth, network.members)
        for trial in trials("paper/cifar100-densenet")
        if isinstance(network := trial.spec.architecture, DenseNet)
    }
    assert shapes == {"DN-High": (100, 12, 4), "DN-Mid": (82, 8, 8), "DN-Low": (64, 6, 16)}


def test_the_control_states_no_claims_of_networks_at_other_learning_rates() -> None:
    assert not load_sweep("extensions/fashion-mlp-fixed-lr").claims


def test_the_control_differs_in_nothing_but_its_learning_rates() -> None:
    paper, control = (load_sweep(name) for name in ("paper/fashion-mlp", "extensions/fashion-mlp-fixed-lr"))
    assert (paper.lambdas, paper.seeds, paper.dataset, paper.training, paper.evaluation) == (
        control.lambdas,
        control.seeds,
        control.dataset,
        control.training,
        control.evaluation,
    )
    assert {name: entry.network() for name, entry in paper.architectures.items()} == {
        name: entry.network() for name, entry in control.architectures.items()
    }
    for name in control.architectures:
        assert set(rates("extensions/fashion-mlp-fixed-lr", name).values()) == {rates("paper/fashion-mlp", name)[1]}


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
    assert (sweep.evaluation.robustness.repeats, sweep.evaluation.robustness.masks) == (20, ("example", "shared"))
    assert sweep.lambdas == (0, 0.5, 0.8, 0.9, 0.95, 0.99, 1)
    assert sweep.methods == ("joint", "bagging", "stacking")
    assert not sweep.evaluation.filters


def test_the_digits_share_one_parameter_budget() -> None:
    assert parameters("smoke/digits") == {"1x256H": 19_210, "4x64H": 19_240, "16x16H": 19_360, "64x4H": 19_840}


@pytest.mark.parametrize(("architecture", "members"), [("4x64H", 4), ("16x16H", 16), ("64x4H", 64)])
def test_the_digits_learning_rates_follow_the_paper_s_rule(architecture: str, members: int) -> None:
    for lam, rate in rates("smoke/digits", architecture).items():
        assert rate == pytest.approx(0.02 * members * (0.3 if lam >= 0.99 else 1))


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


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("method", ["joint", "bagging", "stacking"])
def test_every_method_learns(method: str, tmp_path: Path) -> None:
    sweep = load_sweep("smoke/baselines", [f"methods=[{method}]", "seeds=1", "evaluation.robustness.repeats=0"])
    arrays = datasets.load("digits", None, tmp_path).arrays
    for result in train([trial.spec for trial in expand(sweep)], arrays, device=torch.device("cpu")):
        error = result.trial["test_error"]
        assert isinstance(error, float)
        assert error < 0.16
