"""Robustness in one pass against a loop over examples and numbers of members dropped."""

import pytest
import torch

from trainers.robustness import DroppingSums, Orders, kept_means

TRIALS, MEMBERS, EXAMPLES, CLASSES, REPEATS = 2, 5, 23, 3, 4
SEEDS = (8, 8)


@pytest.fixture
def logits():
    shape = (TRIALS, MEMBERS, EXAMPLES, CLASSES)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def labels():
    return torch.randint(0, CLASSES, (TRIALS, EXAMPLES), generator=torch.Generator().manual_seed(1))


def measured(logits, labels, mask: str, chunk: int = EXAMPLES) -> DroppingSums:
    sums = DroppingSums(SEEDS, mask, REPEATS, MEMBERS, torch.device("cpu"))
    for part, part_labels in zip(logits.split(chunk, 2), labels.split(chunk, 1), strict=True):
        sums.add(part, part_labels)
    return sums


@pytest.mark.parametrize("mask", ["example", "shared"])
@pytest.mark.parametrize("trial", range(TRIALS))
def test_one_pass_equals_the_loop(logits, labels, mask, trial):
    dropping = measured(logits, labels, mask).dropping(trial)
    orders = list(Orders(SEEDS[trial], mask, REPEATS, MEMBERS).draw(EXAMPLES, torch.device("cpu")))
    for dropped in range(MEMBERS):
        losses = []
        for repeat, order in enumerate(orders):
            right = 0
            for example in range(EXAMPLES):
                kept = order[example, : MEMBERS - dropped]
                mean = logits[trial, kept, example].mean(0)
                right += int(mean.argmax() == labels[trial, example])
                losses.append(-torch.log_softmax(mean, -1)[labels[trial, example]].item())
            assert dropping.accuracy[repeat, dropped].item() == right / EXAMPLES
        assert dropping.nll[dropped].item() == pytest.approx(sum(losses) / len(losses), abs=1e-12)


@pytest.mark.parametrize("mask", ["example", "shared"])
@pytest.mark.parametrize("chunk", [1, 7, 22])
def test_chunks_change_nothing(logits, labels, mask, chunk):
    whole, pieces = measured(logits, labels, mask), measured(logits, labels, mask, chunk)
    assert torch.equal(whole.dropping(0).accuracy, pieces.dropping(0).accuracy)
    torch.testing.assert_close(whole.dropping(0).nll, pieces.dropping(0).nll, atol=1e-13, rtol=1e-13)


def test_masks_differ_between_examples_or_are_shared_by_them():
    def draw(mask: str):
        return next(Orders(0, mask, 1, MEMBERS).draw(50, torch.device("cpu")))

    assert len(draw("example").unique(dim=0)) > 10
    assert len(draw("shared").unique(dim=0)) == 1


@pytest.mark.parametrize("mask", ["example", "shared"])
def test_every_member_is_dropped_equally_often(mask):
    orders = torch.stack([o[0] for o in Orders(0, mask, 2000, MEMBERS).draw(1, torch.device("cpu"))])
    counts = torch.bincount(orders[:, -1], minlength=MEMBERS)
    assert (counts - 400).abs().max() < 5 * (2000 * 0.2 * 0.8) ** 0.5  # five standard deviations


def test_more_examples_than_a_chunk_holds():
    logits = torch.randn(1, 3, 1100, 4, generator=torch.Generator().manual_seed(2))
    labels = torch.randint(0, 4, (1, 1100), generator=torch.Generator().manual_seed(3))
    sums = DroppingSums((0,), "example", 1, 3, torch.device("cpu"))
    sums.add(logits, labels)
    right = (logits.mean(1).argmax(-1) == labels).double().mean().item()
    assert sums.dropping(0).accuracy[0, 0].item() == right


def test_the_whole_ensembles_logits_are_taken_as_measured():
    logits = torch.randn(4, 50, 300, generator=torch.Generator().manual_seed(4))
    whole = logits.mean(2)
    order = next(Orders(0, "example", 1, 300).draw(50, torch.device("cpu")))
    means = kept_means(logits, whole, order)
    assert torch.equal(means[..., -1], whole)
    torch.testing.assert_close(means[..., -2], (whole * 300 - logits.gather(2, order.expand(4, -1, -1))[..., -1]) / 299)


def test_of_equal_classes_the_first_is_the_prediction(logits, labels):
    even = logits.round()  # a few whole numbers: their means are equal often
    even[:, :, :4] = 0
    dropping = measured(even, labels, "shared").dropping(0)
    expected = (even[0].mean(0).argmax(-1) == labels[0]).double().mean()
    assert dropping.accuracy[:, 0].tolist() == [expected.item()] * REPEATS
    assert (even.mean(1) == even.mean(1).amax(-1, keepdim=True)).sum() > TRIALS * EXAMPLES, "nothing is equal"
