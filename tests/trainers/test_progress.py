import torch

from trainers.metrics import Measures
from trainers.progress import Progress


def record(progress: Progress, errors: list[float], nlls: list[float] | None = None) -> list[int]:
    """Close an epoch with these validation errors, one a trial."""
    error = torch.tensor(errors, dtype=torch.float64)
    nll = torch.tensor(nlls or [1.0] * len(errors), dtype=torch.float64)
    members = torch.stack([nll, nll], 1)
    return progress.record({"validation": Measures(error, nll, members, members)}, torch.ones_like(members))


def test_the_first_epoch_with_the_least_validation_error_is_selected():
    progress = Progress(2, "validation")
    epochs = [[0.5, 0.3], [0.4, 0.3], [0.4, 0.2], [0.45, 0.25]]
    assert [record(progress, errors) for errors in epochs] == [[0, 1], [0], [1], []]
    assert progress.best_epochs == [2, 3]


def test_the_final_epoch_is_selected_whatever_its_error():
    progress = Progress(1, "final")
    assert [record(progress, [error]) for error in (0.1, 0.9)] == [[0], [0]]
    assert progress.best_epochs == [2]


def test_a_trial_that_diverges_selects_nothing_more():
    progress = Progress(2, "validation")
    record(progress, [0.5, 0.5])
    assert record(progress, [0.1, 0.1], [1.0, float("nan")]) == [0]
    assert record(progress, [0.05, 0.05]) == [0]
    assert (progress.good_epochs, progress.active) == ([3, 1], [0])
    assert progress.messages[1] == "diverged in epoch 2: validation nll is not finite; lower its learning rate"


def test_the_state_is_restored_whole():
    progress = Progress(2, "validation")
    record(progress, [0.5, 0.3])
    record(progress, [0.1, 0.1], [1.0, float("inf")])
    progress.seconds = [0.1, 0.2]
    tensors, book = progress.state()
    again_tensors, again_book = Progress.restored(tensors, book).state()
    assert again_book == book
    assert all(torch.equal(again_tensors[name], stacked) for name, stacked in tensors.items())
