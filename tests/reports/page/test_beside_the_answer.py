"""What stands beside the answer: what the names mean, and what to know before believing it."""

import pytest

from reports.frames.frames import Frames
from reports.page import answer, provenance
from reports.page.caveats import caveats
from reports.page.names import explained, follows_pattern
from specs.architectures import ConvNet, DenseNet, Mlp
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep

CONVNET = {"kind": "convnet", "members": 3, "filters": [4, 8], "strides": [1, 2]}


def said(frames: Frames, study: list[Frames] | None = None) -> str:
    return " ".join(caveats(frames, study or [frames], answer.compare(frames)))


def test_the_names_of_the_paper_are_explained_by_one_example(full_frames: Frames) -> None:
    assert explained(full_frames) == "Names: 20x4H means 20 members with 4 hidden units each."


def test_names_of_ones_own_are_explained_each(frames_of: FramesOf) -> None:
    networks = {"1x64H": {"kind": "mlp", "members": 1, "hidden": 64}, "3xC": CONVNET,
                "4x16H": {"kind": "mlp", "members": 16, "hidden": 4}}  # fmt: skip
    assert explained(
        frames_of(spec=sweep(architectures=networks, dataset={"name": "cifar100", "validation": 1000}))
    ) == (
        "Names: 1x64H means one network with 64 hidden units; 3xC means 3 members (convnet, filters 4 8, strides "
        "1 2); 4x16H means 16 members (mlp, 4 hidden units)."
    )


def test_of_many_names_the_rest_is_in_the_table(frames_of: FramesOf) -> None:
    networks = {f"net-{i}": {"kind": "mlp", "members": 2, "hidden": i} for i in range(1, 10)}
    text = explained(frames_of(lambda trial: None, sweep(architectures=networks, **{"lambda": [0, 1]})))
    assert "net-6 means" in text
    assert "net-7" not in text
    assert text.endswith("Table 1 below has the 3 others.")


@pytest.mark.parametrize(
    ("name", "network", "follows"),
    [
        ("4x16H", Mlp(kind="mlp", members=4, hidden=16), True),
        ("16x4H", Mlp(kind="mlp", members=4, hidden=16), False),
        ("4x16H-wide", Mlp(kind="mlp", members=4, hidden=16), False),
        ("4x16H", ConvNet(kind="convnet", members=4), False),
        ("4x10H", DenseNet(kind="densenet", members=4, depth=10, growth=2), False),
    ],
)
def test_a_pattern_counts_only_where_it_is_true(name: str, network: Mlp, follows: bool) -> None:
    assert follows_pattern(name, network) == follows


def test_the_learning_rate_is_confounded_where_it_changes(full_frames: Frames, frames_of: FramesOf) -> None:
    assert "learning rate changes with λ for 20x4H:" in said(full_frames)
    assert "control" not in said(full_frames)
    fixed = {"20x4H": {"kind": "mlp", "members": 20, "hidden": 4}}
    control = frames_of(spec=sweep(name="control", architectures=fixed))
    assert "Figure 3 shows a control with one learning rate" in said(full_frames, [full_frames, control])
    assert "learning rate" not in said(control)


def test_seeds_are_counted_as_they_are_paired(full_frames: Frames, partial_frames: Frames, frames_of: FramesOf) -> None:
    assert "Each interval rests on 3 seeds." in said(full_frames)
    assert "Each interval rests on 2 to 3 of 3 seeds." in said(partial_frames)
    assert "There is one seed: no interval can be given" in said(frames_of(spec=sweep(seeds=1)))


def test_without_results_the_plan_is_told(frames_of: FramesOf) -> None:
    frames = frames_of(lambda trial: None)
    assert "The plan has 3 seeds" in said(frames)
    assert said(frames).endswith("one image is 0.28 points.")


def test_the_test_set_sets_the_resolution(full_frames: Frames) -> None:
    error = full_frames.trials["test_error"].median()
    by_hand = 100 * (error * (1 - error) / 360) ** 0.5
    assert (
        f"All seeds share 360 test images: one image is 0.28 points. One trial's error of {100 * error:.1f} %"
        in said(full_frames)
    )
    assert f"standard error of {by_hand:.2f} points." in said(full_frames)


def test_the_limits_say_none_of_it_again(full_frames: Frames) -> None:
    limits = " ".join(provenance.limits(full_frames))
    assert not [text for text in caveats(full_frames, [full_frames], answer.compare(full_frames)) if text in limits]
    assert "360" not in limits
