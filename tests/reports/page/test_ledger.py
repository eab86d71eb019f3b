"""The ledger's numbers are worked out again from what they are about."""

import re

import pytest

from reports.claims import measures
from reports.page import ledger
from reports.statistics.summaries import binomial_se
from specs.loader import load_sweep
from specs.predicates import Value
from specs.sweep import expand


def entry(topic: str) -> ledger.Disagreement:
    (found,) = [entry for entry in ledger.LEDGER if entry.topic == topic]
    return found


def test_every_entry_says_all_four_things_in_sentences() -> None:
    for each in ledger.LEDGER:
        for text in (each.paper, each.other, each.here):
            assert text.endswith("."), each.topic
            assert len(text) < 200
    table = ledger.table()
    assert all(len(row) == len(table.headers) for row in table.rows)
    assert len({each.topic for each in ledger.LEDGER}) == len(ledger.LEDGER)


def test_the_penalties_are_those_of_table_2() -> None:
    errors = {
        (claim.predicate.cell.architecture, claim.predicate.cell.lam): claim.predicate.value
        for claim in load_sweep("paper/cifar100-densenet").claims
        if isinstance(claim.predicate, Value)
    }
    penalties = [f"+{errors[name, 1.0] - errors[name, 0.0]:.1f}" for name in ("DN-Low", "DN-Mid", "DN-High")]
    assert "{}, {} and {} points".format(*penalties) in entry("penalty and capacity").other


def test_bagging_is_the_worst_row_of_table_2() -> None:
    rows = [c.predicate for c in load_sweep("paper/cifar100-densenet").claims if isinstance(c.predicate, Value)]
    for name in ("DN-Low", "DN-Mid", "DN-High"):
        assert max((r.value, r.cell.method) for r in rows if r.cell.architecture == name)[1] == "bagging"


def test_the_error_bars_are_too_short_by_as_much_as_is_said() -> None:
    said = [int(number) for number in re.findall(r"(\d+) %", entry("error bars").other)]
    assert said == [round(100 * (1 - ((n - 1) / n) ** 0.5)) for n in (5, 3)]


def test_the_binomial_errors_are_worked_out() -> None:
    text = entry("order of close errors").other
    assert f"{100 * binomial_se(0.1, 10_000):.2f} points" in text
    assert f"of {100 * binomial_se(0.2, 10_000):.2f}." in text


def test_the_learning_rates_are_those_of_the_catalogue() -> None:
    rates = {
        (trial.spec.architecture.members, trial.spec.lam): trial.spec.training.learning_rate
        for trial in expand(load_sweep("paper/fashion-mlp"))
        if trial.spec.method == "joint"
    }
    for members in (16, 64, 256):
        assert rates[members, 0.0] == pytest.approx(0.02 * members, rel=0.01)
        assert rates[members, 0.99] == pytest.approx(0.3 * 0.02 * members, rel=0.01)
    filters = load_sweep("paper/cifar100-convnet-filters")
    assert {t.spec.lam: t.spec.training.learning_rate for t in expand(filters)} == {0.0: 0.06, 1.0: 0.02}


def test_every_measure_has_a_name_and_a_unit() -> None:
    assert measures.UNITS.keys() == measures.NAMES.keys()
