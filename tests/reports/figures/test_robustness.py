"""Figures 7 and 8: what the curves and their dots tell of each seed."""

import re
from dataclasses import replace

import pytest

from reports.figures import robustness
from reports.frames.frames import Frames
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep


def test_each_seed_stands_for_itself_where_the_table_has_numbers(full_frames: Frames) -> None:
    data = robustness.data(full_frames).query("architecture == '20x4H' and lam == 1 and mask == 'shared'")
    told = data[data["seeds"].map(len) > 0]
    assert list(told["dropped"]) == [0, 5, 10, 15]
    row = told.iloc[2]
    stored = full_frames.robustness.query("dropped == 10 and mask == 'shared'").set_index("trial_id")["accuracy"]
    assert row["seeds"] == [0, 1, 2]
    assert row["values"] == pytest.approx([stored[trial_id] for trial_id in row["trial_ids"]], abs=1e-5)
    ids = full_frames.planned.set_index("trial_id")["seed"]
    assert [ids[trial_id] for trial_id in row["trial_ids"]] == [0, 1, 2]


def test_thinning_spares_the_points_of_the_table(frames_of: FramesOf) -> None:
    spec = sweep(architectures={"70x2H": {"kind": "mlp", "members": 70, "hidden": 2}}, seeds=1, **{"lambda": [1]})
    data = robustness.data(frames_of(spec=spec))
    assert {round(share * 70) for share in robustness.SHARES} <= set(data["dropped"])
    assert len(data) < 2 * 30
    assert all("–" not in row[4:8] for row in robustness.table(data).rows)


def test_a_missing_seed_has_no_dot(partial_frames: Frames) -> None:
    data = robustness.data(partial_frames).query("architecture == '4x16H' and lam == 1 and dropped == 2")
    assert [list(seeds) for seeds in data["seeds"]] == [[0, 2]] * 2


def test_under_the_pointer_are_learning_rate_seeds_and_trial_ids(full_frames: Frames) -> None:
    data = robustness.data(full_frames)
    figure = robustness.draw(data)
    row = data.query("architecture == '20x4H' and lam == 1 and dropped == 5 and mask == 'example'").iloc[0]
    own = [
        trace for trace in figure.data if trace.visible and "20x4H, λ\u00a0=\u00a01<br>" in (trace.hovertemplate or "")
    ]
    (line,) = (trace for trace in own if trace.mode == "lines+markers")
    (dots,) = (trace for trace in own if trace.mode == "markers")
    assert "of 20 dropped: mean" in line.hovertemplate
    assert "3 of 3 seeds<br>learning rate 0.5<" in line.hovertemplate
    assert dots.hovertemplate.startswith("20x4H, λ\u00a0=\u00a01<br>%{x} of 20 dropped<br>seed %{text}")
    assert len(dots.x) == 4 * 3
    assert dots.x[3] == 5
    assert dots.y[3] == pytest.approx(100 * row["values"][0])
    assert dots.text[3] == f"0: {100 * row['values'][0]:.2f} % · {row['trial_ids'][0]}"


def test_a_name_is_no_markup(frames_of: FramesOf) -> None:
    frames = frames_of()
    planned = frames.planned.assign(architecture=frames.planned["architecture"].replace("20x4H", "<b>x"))
    figure = robustness.draw(robustness.data(replace(frames, planned=planned)))
    told = [trace.hovertemplate for trace in figure.data if trace.hovertemplate]
    assert any("&lt;b&gt;x" in text for text in told)
    assert not any(re.search("<b>x", text) for text in told)


def test_dots_of_very_many_trials_carry_no_ids(full_frames: Frames, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "without trial ids" not in robustness.note(robustness.data(full_frames))
    monkeypatch.setattr(robustness, "MOST_NAMED", len(full_frames.planned) - 1)
    data = robustness.data(full_frames)
    assert "without trial ids" in robustness.note(data)
    figure = robustness.draw(data)
    texts = [text for trace in figure.data if trace.mode == "markers" for text in trace.text or ()]
    assert len(texts) == 2 * 2 * 5 * 4 * 3
    assert not any("·" in text for text in texts)
