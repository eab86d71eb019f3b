"""Claims are data of a sweep: what they name must be planned, and no trial changes because of them."""

import re
from pathlib import Path

import pytest

from specs.claims import Claim, of_a_paper
from specs.loader import SpecError, catalogue, dump_sweep, load_sweep, parse_sweep
from specs.predicates import BestLambda, Parameters, Proved, Value
from specs.sweep import expand

SWEEP = """\
name: tiny
title: A test
architectures:
  1x8H: {kind: mlp, members: 1, hidden: 8}
  4x2H: {kind: mlp, members: 4, hidden: 2}
methods: [joint, bagging]
lambda: [0, 1]
seeds: 2
dataset: {name: digits, validation: 200}
training: {epochs: 3, batch_size: 10, learning_rate: 0.1}
claims:
  - id: A1
    sentence: It holds.
    source: text
    predicate: PREDICATE
"""
AT = "spec.yaml:15"


def spec(predicate: str) -> str:
    return SWEEP.replace("PREDICATE", predicate)


def order(*cells: str, more: str = "") -> str:
    return f"{{kind: order, steps: [{', '.join(f'[{{{cell}}}]' for cell in cells)}]{more}}}"


ZERO, ONE = "architecture: 4x2H, lambda: 0", "architecture: 4x2H, lambda: 1"


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (order(ZERO, "architecture: 4x3H, lambda: 1"), f"{AT}:89: claims[0].predicate.steps[1][0].architecture: no "),
        (order(ZERO, "architecture: 4x2H, lambda: 0.5"), "steps[1][0].lambda: λ = 0.5 is not planned, only 0, 1; "),
        (order(ZERO, "architecture: 4x2H, method: stacking"), "method: stacking is not planned; plan it, or leave"),
        (order(ZERO, "architecture: 1x8H, method: bagging"), "method: bagging is not planned"),
        (order(ZERO, "architecture: 4x2H"), "steps[1][0]: the cell's λ is missing"),
        (order(ZERO, "architecture: 1x8H, lambda: 1"), "the cell has no λ of its own"),
        (order(ZERO, "architecture: 4x2H, method: bagging, lambda: 0"), "the cell has no λ of its own"),
        (order(ZERO, "lambda: 1"), "the cell's architecture is missing"),
        (order(ZERO, ONE, more=", architectures: [4x2H]"), "the cell's architecture is named by architectures"),
        (order(ZERO, ONE, more=", lambdas: [0]"), "the cell has no λ of its own"),
        (order("architecture: 4x2H", "architecture: 1x8H", more=", lambdas: [0.5]"), "lambdas[0]: λ = 0.5 is not"),
        (order(ZERO, ONE, more=", by: -1"), "by: must be at least 0, got -1"),
        (order(ZERO), "steps: must have at least"),
        (order(ZERO, ONE, more=", measure: errors"), "measure: must be 'error', "),
        (order(ZERO, ONE, more=", measure: filter_travel"), "measure: filter_travel needs evaluation.filters: true"),
        ("{knd: order}", "missing key 'kind'; did you mean it by 'knd'?"),
        ("{cells: []}", "missing key 'kind', which says what is asserted: value, equivalent, order, "),
        ("{kind: orders}", "predicate.kind: must be "),
        ("{kind: value, cell: {architecture: 1x8H}, value: 3, margin: 0}", "margin: must be greater than 0, got 0"),
        ("{kind: value, cel: {architecture: 1x8H}, value: 3, margin: 1}", "unknown key 'cel'; did you mean 'cell'?"),
        ("{kind: flat, architecture: 1x8H, within: 1}", "1x8H is a single network, which has no λ; name an ensemble"),
        ("{kind: best-lambda, best: {4x2H: 0.5}}", "best.4x2H: λ = 0.5 is not planned"),
        ("{kind: best-lambda, best: {4x9H: 0}}", "best.4x9H: no architecture is called '4x9H'; there are 1x8H, 4x2H"),
        ("{kind: early-rank, architectures: [4x2H], lambda: 0.9}", "predicate.lambda: λ = 0.9 is not planned"),
        ("{kind: every, of: [{kind: flat, architecture: 4x9H, within: 1}]}", "of[0].architecture: no architecture"),
        ("{kind: every, of: [{kind: proved, tests: [a]}]}", "of[0].kind: must be 'value', "),
        ("{kind: parameters, counts: {5x5H: 3}, within: 1}", "counts.5x5H: no architecture is called"),
    ],
)  # fmt: skip
def test_a_claim_that_names_what_is_not_planned_is_an_error_with_its_place(predicate: str, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        parse_sweep(spec(predicate), "spec.yaml")
    assert AT in str(caught.value)


def test_an_id_stands_for_one_claim() -> None:
    text = spec("{kind: flat, architecture: 4x2H, within: 1}")
    twice = text + text[text.index("  - id") :]
    with pytest.raises(SpecError, match=r"16:9: claims\[1\]\.id: A1 is stated twice"):
        parse_sweep(twice, "spec.yaml")


def test_claims_are_dumped_a_line_each_and_change_no_trial() -> None:
    stated = parse_sweep(spec(order(ZERO, "architecture: 4x2H, method: bagging")), "spec.yaml")
    text = dump_sweep(stated)
    assert parse_sweep(text, "dump.yaml") == stated
    assert sum(line.startswith("  - {id: A1, ") for line in text.splitlines()) == 1
    without = stated.model_copy(update={"claims": ()})
    assert [trial.id for trial in expand(stated)] == [trial.id for trial in expand(without)]


def test_a_sweep_may_borrow_the_claims_of_one_that_ships() -> None:
    lent, borrowed = load_sweep("paper/fashion-mlp").claims, load_sweep("reduced/fashion-mlp").claims
    assert len(lent) > 20
    assert borrowed == lent
    with pytest.raises(SpecError, match="8:9: claims: no sweep is called 'paper/fashion'; expected a list, or one of"):
        parse_sweep(SWEEP[: SWEEP.index("methods")] + "seeds: 2\n\nclaims: paper/fashion\n", "spec.yaml")


def test_borrowed_claims_must_be_planned_where_they_are_borrowed() -> None:
    with pytest.raises(SpecError, match=r"paper/fashion-mlp.yaml:.*claims\[.*λ = 0.95 is not planned") as caught:
        load_sweep("reduced/fashion-mlp", ["lambda=[0, 1]"])
    assert "leave the claim out" in str(caught.value)
    assert not load_sweep("reduced/fashion-mlp", ["lambda=[0, 1]", "claims=[]"]).claims


PAPER = {
    "paper-fashion-mlp": [*(f"F{i}" for i in range(1, 13)), "M3", "R1", "R2", "R3", "R4", "L1", "X1", "X2",
                          "T1", "T2", "T3", "T4", "T5", "T6", "T8"],
    "paper-cifar100-densenet": [*(f"D{i}" for i in range(1, 25)), "M1", "M2", "M4", "M5", "X1", "X2", "T9"],
    "paper-cifar100-convnet": ["C1", "C2", "C3", "X2"],
    "paper-cifar100-convnet-filters": ["M6", "M7"],
}  # fmt: skip
"""Every claim that the project has read in the paper, and the sweep that decides it."""
TABLE_2 = """\
λ = 0     25.0 19.9 17.8
λ = 0.5   23.5 20.0 18.8
λ = 0.9   25.9 22.4 20.3
λ = 1     29.6 25.7 22.1
bagging   32.5 29.5 28.4
stacking  28.3 23.4 21.4
"""
"""Copied from the paper: DN-Low, DN-Mid and DN-High in columns."""
NUMBERS_IN_THE_TEXT = {"F1": "10.2 %", "F2": "16.3 %", "F3": "10.3 %", "D20": "0, 0 and 0.5", "T8": "~815K",
                       "T9": "3.2M, 2.1M, 1.7M"}  # fmt: skip


def stated() -> list[tuple[str, Claim]]:
    sweeps = [load_sweep(entry.name) for entry in catalogue() if entry.name.startswith("paper/")]
    return [(sweep.name, claim) for sweep in sweeps for claim in sweep.claims]


def test_the_catalogue_states_every_claim_of_the_paper() -> None:
    found: dict[str, list[str]] = {}
    for sweep, claim in stated():
        found.setdefault(sweep, []).append(claim.id)
    assert found == PAPER


def test_the_numbers_of_densenets_are_those_of_table_2() -> None:
    rows = [re.split(r"  +| (?=\d\d\.)", line) for line in TABLE_2.splitlines()]
    by_hand = {(name, row[0]): row[1 + i] for row in rows for i, name in enumerate(("DN-Low", "DN-Mid", "DN-High"))}
    for _, claim in stated():
        predicate = claim.predicate
        if claim.id.startswith("D") and isinstance(predicate, Value):
            cell = predicate.cell
            column = cell.method if cell.method != "joint" else f"λ = {cell.lam:g}"
            number = by_hand.pop((str(cell.architecture), column))
            assert f"{predicate.value:.1f}" == number
            assert claim.paper == f"{number} %"
            assert f"{cell.architecture} errs on {number} %" in claim.sentence
    assert not by_hand


def test_the_paper_s_number_stands_only_where_its_text_has_one() -> None:
    given = {claim.id: claim.paper for _, claim in stated() if claim.paper and not isinstance(claim.predicate, Value)}
    values = {claim.id: claim.paper for _, claim in stated() if isinstance(claim.predicate, Value)}
    assert given | {key: values[key] for key in ("F1", "F2", "F3")} == NUMBERS_IN_THE_TEXT
    for _, claim in stated():
        if isinstance(claim.predicate, Value):
            assert claim.paper == f"{claim.predicate.value:.1f} %"


def test_the_best_lambdas_are_the_bold_ones_of_table_2() -> None:
    (best,) = [
        claim.predicate for _, claim in stated() if isinstance(claim.predicate, BestLambda) and claim.id == "D20"
    ]
    columns = {"DN-Low": 1, "DN-Mid": 2, "DN-High": 3}
    rows = [re.split(r"  +| (?=\d\d\.)", line) for line in TABLE_2.splitlines()][:4]
    assert best.best == {
        name: float(min(rows, key=lambda row: float(row[i]))[0].split()[-1]) for name, i in columns.items()
    }


FIGURES = {"", "fig-2", "fig-3", "fig-4", "fig-5", "fig-6", "fig-7-8", "fig-9", "table-1", "table-2"}


def test_every_claim_is_a_short_sentence_with_a_source_and_a_figure() -> None:
    for _, claim in stated():
        assert len(claim.sentence.split()) <= 22, claim.id
        assert claim.sentence[0].isupper() or claim.sentence[0].isdigit(), claim.id
        assert claim.sentence.endswith("."), claim.id
        assert claim.source
        assert claim.figure in FIGURES
        assert bool(claim.figure) != isinstance(claim.predicate, Proved), claim.id


def test_parts_of_a_claim_name_each_other() -> None:
    by_sweep: dict[str, dict[str, Claim]] = {}
    for sweep, claim in stated():
        by_sweep.setdefault(sweep, {})[claim.id] = claim
    for sweep, claim in stated():
        for other in claim.others:
            part = by_sweep[other][claim.id]
            assert sweep in part.others
            assert (part.sentence, part.join) == (claim.sentence, claim.join)


def test_theorems_name_tests_that_exist() -> None:
    root = Path(__file__).parents[2]
    for _, claim in stated():
        if isinstance(claim.predicate, Proved):
            for test in claim.predicate.tests:
                assert f"def test_{claim.id.lower()}_" in (root / test).read_text(), (claim.id, test)


def test_every_source_of_the_catalogue_is_a_place_in_the_paper_or_ours() -> None:
    for claim in (claim for entry in catalogue() for claim in load_sweep(entry.name).claims):
        assert of_a_paper(claim.source) != (claim.source == "ours"), claim


@pytest.mark.parametrize("source", ["none", "our Figure 2", "textbook", "tabled", "figurative", "Sectional"])
def test_other_sources_are_ones_own(source: str) -> None:
    assert not of_a_paper(source)


@pytest.mark.parametrize("source", ["§4", "Fig. 2", "fig.2", "Eq. 5", "Appendix B", "Figures 2 and 3", "Abstract"])
def test_places_in_a_paper_are_known_however_they_are_written(source: str) -> None:
    assert of_a_paper(source)


def test_parameter_claims_hold_of_what_is_planned() -> None:
    for entry in catalogue():
        sweep = load_sweep(entry.name)
        totals = {trial.architecture: trial.spec.total_parameters for trial in expand(sweep)}
        for claim in sweep.claims:
            if isinstance(claim.predicate, Parameters):
                for name, count in claim.predicate.counts.items():
                    assert abs(totals[name] - count) <= claim.predicate.within


def test_what_each_paper_sweep_serves_names_its_claims() -> None:
    for entry in catalogue():
        sweep = load_sweep(entry.name)
        if entry.name.startswith("paper/"):
            ids = [claim.id for claim in sweep.claims]
            assert set(ids) == {each for part in sweep.serves for each in _ids(part)}


def _ids(part: str) -> list[str]:
    """``F1 to F12`` and ``M3`` as ids; nothing of ``Figure 2``."""
    if not (found := re.fullmatch(r"([A-Z])(\d+)(?: to \1(\d+))?", part)):
        return []
    letter, first, last = found.groups()
    return [f"{letter}{i}" for i in range(int(first), int(last or first) + 1)]


def test_the_predicates_are_a_closed_union() -> None:
    with pytest.raises(SpecError, match="must be 'value', 'equivalent', 'order'"):
        parse_sweep(spec("{kind: 'import os'}"), "spec.yaml")


def test_an_early_rank_by_training_errors_needs_training_errors() -> None:
    rank = spec("{kind: early-rank, architectures: [4x2H], lambda: 1, split: train}")
    with pytest.raises(SpecError, match=r"split: a rank by training errors needs evaluation.train_examples above 0"):
        parse_sweep(rank + "evaluation: {train_examples: 0}\n", "spec.yaml")
