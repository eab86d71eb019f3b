"""Under the pointer, every mark of Figure 6 and its companions tells the trial, its seeds and its learning rate."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from reports.figures import dominance, early_ranks, member_errors
from reports.frames.frames import Frames

CELL = "20x4H, λ\u00a0=\u00a01"
DESIGN = "3 of 3 seeds · learning rate 0.5"


def trial(frames: Frames, seed: int) -> str:
    own = frames.trials.query("architecture == '20x4H' and lam == 1")
    return str(own.set_index("seed")["trial_id"][seed])


def told(trace: Any) -> list[str]:
    """What hovering over each point of a trace says, its text put in."""
    texts = trace.text if trace.text is not None else [""] * len(trace.x)
    return [trace.hovertemplate.replace("%{text}", text) for text in texts]


def test_every_curve_by_epoch_tells_its_trial(full_frames: Frames) -> None:
    figure = dominance.draw(dominance.data(full_frames))
    expected = f"<br>{CELL}, seed 0 · {trial(full_frames, 0)}<br>{DESIGN}<extra></extra>"
    own = [trace.name for trace in figure.data if (trace.hovertemplate or "").endswith(expected)]
    assert set(own) == {"median member, test", "median member, train", "ensemble, train", "ensemble, test"}
    assert all(trace.text is None for trace in figure.data)  # what is the same for all points stands once


def test_a_gap_shows_in_the_count_of_seeds(partial_frames: Frames) -> None:
    figure = dominance.draw(dominance.data(partial_frames))
    assert any("4x16H, λ\u00a0=\u00a01, seed 0 · " in (t.hovertemplate or "") and "2 of 3 seeds" in t.hovertemplate
               for t in figure.data)  # fmt: skip


def test_every_mark_of_a_trial_tells_which_it_is(full_frames: Frames) -> None:
    figure = member_errors.draw(member_errors.data(full_frames))
    bars, dots = (
        next(t for t in figure.data if t.name.startswith(name) and t.visible is not False)
        for name in ("best, median", "one member")
    )
    assert any(f"seed 2 · {trial(full_frames, 2)}" in text for text in told(bars))
    assert all(" · " in text and "seed " in text for text in told(dots))
    (ensemble,) = (
        t for t in figure.data if t.name == "ensemble, one trial" and t.visible is not False and t.yaxis == "y2"
    )
    assert any(CELL in text and DESIGN in text and trial(full_frames, 1) in text for text in told(ensemble))


def test_lost_trials_are_told_with_their_count(partial_frames: Frames) -> None:
    figure = member_errors.draw(member_errors.data(partial_frames))
    texts = [text for t in figure.data if t.name == "failed, diverged or corrupt" for text in told(t)]
    assert any("4x16H, λ\u00a0=\u00a01<br>2 of 3 seeds (1 diverged) · learning rate 0.1" in text for text in texts)


def test_ranks_tell_their_trial(full_frames: Frames) -> None:
    figure = early_ranks.draw(early_ranks.data(full_frames))
    shown = [trace for trace in figure.data if trace.visible is not False and trace.xaxis == "x2"]
    best, others = (next(t for t in shown if t.name.startswith(name)) for name in ("best", "another"))
    assert all(CELL in text and DESIGN in text for trace in (best, others) for text in told(trace))
    assert any(f"seed 2: rank 1 of 20 at epoch 3<br>{trial(full_frames, 2)}" in text for text in told(best))
    assert any("seed 2: rank %{x} in the end" in text for text in told(others))


def test_an_ensemble_without_ranks_at_one_lambda_keeps_the_legend(full_frames: Frames) -> None:
    data = early_ranks.data(full_frames)
    figure = early_ranks.draw(data[(data["lam"] != 1) | (data["architecture"] != "4x16H")])
    shown = [trace for trace in figure.data if trace.visible is not False]
    assert sum(bool(trace.showlegend) for trace in shown) == 2


DRAWN: list[tuple[Callable[[Frames], pd.DataFrame], Callable[[pd.DataFrame], go.Figure]]] = [
    (module.data, module.draw) for module in (dominance, member_errors, early_ranks)
]


@pytest.mark.parametrize(("data", "draw"), DRAWN)
def test_a_name_is_no_markup(
    data: Callable[[Frames], pd.DataFrame], draw: Callable[[pd.DataFrame], go.Figure], full_frames: Frames
) -> None:
    planned = full_frames.planned.assign(architecture=full_frames.planned["architecture"].replace("20x4H", "<i>x"))
    figure = draw(data(replace(full_frames, planned=planned)))
    texts = [text for trace in figure.data if trace.hovertemplate for text in told(trace)]
    assert any("&lt;i&gt;x" in text for text in texts)
    assert not any("<i>x" in text for text in texts)
