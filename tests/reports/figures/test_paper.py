"""A number of the paper that stands twice, in a claim and beside a figure, is the same number with the same source."""

import pytest

from reports.figures import paper
from specs.architectures import Architecture
from specs.claims import Claim
from specs.loader import catalogue_names, load_sweep
from specs.predicates import Cell, Parameters, Value
from specs.sweep import INDEPENDENT, SYSTEM, SweepSpec

STATED = [
    (sweep, claim)
    for sweep in (load_sweep(name) for name in catalogue_names() if name.startswith("paper/"))
    for claim in sweep.claims
]
VALUES = [pytest.param(sweep, claim, id=claim.id) for sweep, claim in STATED if isinstance(claim.predicate, Value)]
SOURCES = {"text": paper.TEXT, "Table 2": paper.TABLE_2}


def key(sweep: SweepSpec, cell: Cell) -> tuple[str, Architecture, str, float]:
    """Where the figures look a claim's cell up."""
    assert cell.architecture is not None
    network = sweep.architectures[cell.architecture].network()
    alone = SYSTEM if network.members == 1 else INDEPENDENT
    lam = alone if cell.lam is None else cell.lam
    assert lam != "best"
    return sweep.dataset.name, network, cell.method, lam


@pytest.mark.parametrize(("sweep", "claim"), VALUES)
def test_a_claim_s_number_is_the_one_beside_the_figures(sweep: SweepSpec, claim: Claim) -> None:
    assert isinstance(claim.predicate, Value)
    printed = paper.ERRORS[key(sweep, claim.predicate.cell)]
    assert printed == paper.Printed(pytest.approx(claim.predicate.value / 100, abs=1e-9), SOURCES[claim.source])
    assert claim.paper == f"{100 * printed.value:.1f} %"


def test_every_number_beside_the_figures_is_one_that_a_claim_states() -> None:
    stated = {key(sweep, claim.predicate.cell) for sweep, claim in STATED if isinstance(claim.predicate, Value)}
    assert stated == set(paper.ERRORS)


def test_the_parameters_of_table_1_are_those_that_a_claim_states() -> None:
    ((sweep, claim),) = [found for found in STATED if found[1].source == "Table 1"]
    assert isinstance(claim.predicate, Parameters)
    stated = {sweep.architectures[name].network(): count for name, count in claim.predicate.counts.items()}
    assert {network: f"{count / 1e6:.1f}M" for network, count in stated.items()} == paper.PARAMETERS
    assert claim.paper == ", ".join(paper.PARAMETERS[network] for network in stated)
