"""Batches are those of the part's order, however many are taken at once."""

import pytest
import torch

from trainers import batches as module
from trainers.augmentation import FlipCrop
from trainers.batches import batches
from trainers.pool import Part, Pool, for_trials

CLASSES, GROUPS, EXAMPLES, SIZE = 3, 2, 23, 5


@pytest.fixture
def part():
    stream = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (40, 1, 4, 4), dtype=torch.uint8, generator=stream)
    labels = torch.randint(CLASSES, (40,), generator=stream)
    rows = torch.stack([torch.randperm(40, generator=stream)[:EXAMPLES] for _ in range(GROUPS)])
    return Part(Pool(pixels, labels, lambda pixels: pixels.double()), rows)


@pytest.mark.parametrize("taken", [1, 2 * SIZE * 16, 2**20])
@pytest.mark.parametrize("augmented", [False, True])
def test_they_are_the_parts_rows_in_order(part, taken, augmented, monkeypatch):
    monkeypatch.setattr(module, "PIXELS_AT_ONCE", taken)
    augment = FlipCrop((3, 4), 1, EXAMPLES, torch.device("cpu")) if augmented else None
    found = list(batches(part, SIZE, 4, CLASSES, torch.float64, augment))
    assert [batch.rows.shape[1] for batch in found] == [5, 5, 5, 5, 3]
    assert torch.equal(torch.cat([batch.rows for batch in found], 1), part.rows)
    for place, batch in enumerate(found):
        pixels = part.pool.pixels[batch.rows]
        expected = augment(pixels, start=place * SIZE) if augment else pixels
        assert torch.equal(batch.images, expected.double())
        assert batch.targets.shape == (4, CLASSES, batch.rows.shape[1])
        assert torch.equal(batch.targets.argmax(1), part.pool.labels[batch.rows].repeat_interleave(2, 0))
        assert torch.equal(batch.targets.sum(1), torch.ones(4, batch.rows.shape[1], dtype=torch.float64))


def test_groups_stand_for_their_trials_in_order():
    per_group = torch.arange(6).view(3, 2)
    assert for_trials(per_group, 6).tolist() == [[0, 1], [0, 1], [2, 3], [2, 3], [4, 5], [4, 5]]
    assert for_trials(per_group[1:2], 3).tolist() == [[2, 3]] * 3
    assert for_trials(per_group, 3).tolist() == per_group.tolist()
