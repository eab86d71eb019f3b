"""Calibration error and Brier score against independent formulas and another library's."""

import math

import pytest
import torch
from sklearn.metrics import brier_score_loss

from trainers.calibration import CalibrationSums

TRIALS, MEMBERS, EXAMPLES, CLASSES = 2, 3, 200, 4


@pytest.fixture
def logits():
    stream = torch.Generator().manual_seed(0)
    return 2 * torch.randn(TRIALS, MEMBERS, EXAMPLES, CLASSES, generator=stream, dtype=torch.float64)


@pytest.fixture
def labels():
    return torch.randint(0, CLASSES, (TRIALS, EXAMPLES), generator=torch.Generator().manual_seed(1))


def probabilities(logits, trial: int):
    return torch.softmax(logits[trial].mean(0), -1)


@pytest.mark.parametrize("trial", range(TRIALS))
def test_expected_calibration_error_from_its_words(logits, labels, trial):
    bins: dict[int, list[tuple[float, bool]]] = {}
    for row, label in zip(probabilities(logits, trial).tolist(), labels[trial].tolist(), strict=True):
        confidence = max(row)
        bins.setdefault(math.ceil(confidence * 15), []).append((confidence, row.index(confidence) == label))
    expected = 0.0
    for content in bins.values():
        accuracy = sum(right for _, right in content) / len(content)
        confidence = sum(confidence for confidence, _ in content) / len(content)
        expected += len(content) / EXAMPLES * abs(accuracy - confidence)
    assert len(bins) > 8
    measured = CalibrationSums.of(logits, labels).expected_calibration_error()[trial]
    assert measured.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("trial", range(TRIALS))
def test_brier_score_equals_the_librarys(logits, labels, trial):
    expected = brier_score_loss(
        labels[trial].numpy(), probabilities(logits, trial).numpy(), labels=list(range(CLASSES)), scale_by_half=False
    )
    assert CalibrationSums.of(logits, labels).brier()[trial].item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("chunk", [1, 7, 199])
def test_chunks_change_nothing(logits, labels, chunk):
    parts = zip(logits.float().split(chunk, 2), labels.split(chunk, 1), strict=True)
    first, *others = (CalibrationSums.of(part, part_labels) for part, part_labels in parts)
    pieces, whole = sum(others, start=first), CalibrationSums.of(logits.float(), labels)
    assert torch.equal(pieces.right, whole.right)
    torch.testing.assert_close(pieces.brier(), whole.brier(), atol=1e-13, rtol=0)
    measured, expected = pieces.expected_calibration_error(), whole.expected_calibration_error()
    torch.testing.assert_close(measured, expected, atol=1e-13, rtol=0)


def test_an_edge_belongs_to_the_bin_below_it():
    # Three equal classes: confidence 1/3 = 5/15 closes bin 5; one class: confidence 1 closes bin 15.
    thirds = CalibrationSums.of(torch.zeros(1, 1, 1, 3, dtype=torch.float64), torch.tensor([[0]]))
    assert thirds.right[0].nonzero().flatten().tolist() == [4]
    certain = CalibrationSums.of(torch.tensor([[[[100.0, 0.0, 0.0]]]]), torch.tensor([[0]]))
    assert certain.right[0].nonzero().flatten().tolist() == [14]


def test_extremes():
    logits = torch.tensor([[[[1e3, 0.0], [1e3, 0.0]]]])
    right, wrong = (CalibrationSums.of(logits, torch.full((1, 2), label)) for label in (0, 1))
    assert (right.brier().item(), right.expected_calibration_error().item()) == (0, 0)
    assert (wrong.brier().item(), wrong.expected_calibration_error().item()) == (2, 1)
