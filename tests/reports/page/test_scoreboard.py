"""Whose claims a page shows, and what it says of claims that nothing has decided yet."""

from pathlib import Path
from typing import Any

import pytest

from reports.claims import judge
from reports.frames.frames import load
from reports.page.document import render
from reports.page.scoreboard import Board, board
from reports.page.study import sections
from specs.sweep import PlannedTrial
from tests.reports.claims.claimed import claim
from tests.reports.synthetic import sweep, write_store

ORDER = {"kind": "order", "steps": [[{"architecture": "20x4H", "lambda": lam}] for lam in (0.99, 0)]}
COUNT = {"kind": "parameters", "counts": {"20x4H": 6200}, "within": 1}
FULL = {"epochs": 6, "seeds": 3}


def nothing(trial: PlannedTrial) -> None:
    return None


def board_of(folder: Path, *sources: list[str]) -> Board:
    """The board of one empty store per list of its claims' sources."""
    specs = [
        sweep(name=f"s{i}", claims=[claim(ORDER, id=f"A{j}", source=source) for j, source in enumerate(own)])
        for i, own in enumerate(sources)
    ]
    study = [load(write_store(folder / spec.name, spec, nothing).storage) for spec in specs]
    return board(judge(study), sections(study), set())


@pytest.mark.parametrize(
    ("sources", "title"),
    [
        ([["Table 2", "text", "sections 3 and 6"]], "The paper's claims"),
        ([["Figure 6"], ["abstract"]], "The paper's claims"),
        ([["ours", "a hunch"]], "The claims of this sweep"),
        ([["ours"], ["ours"]], "The claims of these sweeps"),
        ([["Table 2", "ours"]], "The claims of the paper and of this sweep"),
        ([["Table 2"], ["ours"]], "The claims of the paper and of these sweeps"),
        ([[]], "The claims of this sweep"),
    ],
)
def test_the_title_says_whose_claims_these_are(tmp_path: Path, sources: list[list[str]], title: str) -> None:
    assert board_of(tmp_path, *sources).title == title


def page_of(folder: Path, outcome: Any, *claims: dict[str, Any]) -> str:
    return render([load(write_store(folder, sweep(claims=list(claims), full_scale=FULL), outcome).storage)])


def test_a_page_of_ones_own_claims_attributes_none_to_the_paper(tmp_path: Path) -> None:
    page = page_of(tmp_path, lambda trial: "complete", claim(ORDER, source="ours"))
    assert '<h2 id="claims-title">The claims of this sweep</h2>' in page
    assert '<caption class="hidden">Each claim: its verdict, what was observed</caption>' in page
    assert '<th scope="col">paper</th>' not in page


def test_a_page_of_the_papers_claims_has_its_numbers(tmp_path: Path) -> None:
    page = page_of(tmp_path, lambda trial: "complete", claim(ORDER, source="Table 2", paper="3 %"))
    assert "The paper&#39;s claims</h2>" in page
    assert '<caption class="hidden">Each claim: its verdict, what was observed, what the paper says</caption>' in page
    assert '<th scope="col">paper</th>' in page
    assert "<td>3 %</td>" in page


def test_an_empty_store_reproduces_nothing_and_says_nothing_so_far(tmp_path: Path) -> None:
    page = page_of(tmp_path, nothing, claim(ORDER), claim(COUNT, id="A2"))
    assert "<b>2</b>" in page
    assert "reproduced" not in page.split('<section id="claims"')[1].split('<section id="figures"')[0]
    assert "Parameters, as planned: 6,200 in 20x4H." in page
    assert "Missing: a complete trial of 20x4H.<" in page
    assert "The complete trials say" not in page
