import pytest
import torch

from trainers.augmentation import FlipCrop
from trainers.training import train

CPU = torch.device("cpu")


def draws(seeds=(0,), epoch=1, examples=1000):
    augment = FlipCrop(seeds, epoch, examples, CPU)
    return torch.cat([augment.corners, augment.mirrored.unsqueeze(-1)], -1)


def test_corners_and_mirrors_are_uniform_and_independent():
    """Chi-square over all 9 × 9 × 2 draws: 161 degrees of freedom, within 4.5 standard deviations of the mean."""
    for seed in range(3):
        row, column, mirrored = draws((seed,), examples=81_000)[0].unbind(-1)
        counts = torch.bincount((row * 9 + column) * 2 + mirrored, minlength=162)
        assert len(counts) == 162
        chi_square = ((counts - 500) ** 2 / 500).sum().item()
        assert chi_square == pytest.approx(161, abs=4.5 * (2 * 161) ** 0.5)


def test_an_epoch_is_replayed_without_the_epochs_before():
    third = draws(epoch=3)
    assert not torch.equal(third, draws(epoch=2))
    assert torch.equal(third, draws(epoch=3))


def test_groups_have_the_draws_of_their_seeds():
    both = draws((4, 5))
    assert torch.equal(both[1], draws((5,))[0])
    assert not torch.equal(both[0], both[1])


def test_batches_are_parts_of_the_epoch():
    images = torch.randint(256, (2, 10, 2, 6, 5), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    augment = FlipCrop((0, 1), 1, 10, CPU)
    whole = augment(images, 0)
    pieces = [augment(images[:, start : start + 4], start) for start in (0, 4, 8)]  # 4 + 4 + 2 images
    assert torch.equal(torch.cat(pieces, 1), whole)


def test_what_lies_outside_is_black():
    augment = FlipCrop((0,), 1, 50, CPU)
    augmented = augment(torch.full((1, 50, 2, 3, 3), 7, dtype=torch.uint8), 0)
    corner = augment.corners[0].tolist().index([0, 0]) if [0, 0] in augment.corners[0].tolist() else None
    assert set(augmented.unique().tolist()) == {7, 0}
    assert corner is None or (augmented[0, corner] == 0).all()  # 3 × 3 pixels of the padding's 4 × 4


def test_training_images_are_augmented_and_measured_ones_never(arrays, make_spec):
    # A learning rate of almost nothing: what is measured is the initial network, whatever it was trained on.
    common = {"learning_rate": 1e-30, "epochs": 1}
    plain, augmented = (
        train([make_spec(augmentation=kind, **common)], arrays, device=torch.device("cpu"))[0]
        for kind in ("none", "flip-crop")
    )
    for one, other in zip(plain.epochs, augmented.epochs, strict=True):
        assert (one["split"], one["member_nlls"]) == (other["split"], other["member_nlls"])


def test_draws_are_the_same_for_every_lambda_and_stack(arrays, make_spec):
    # With one member the loss is the same for every λ: whatever else differed would show.
    specs = [make_spec(lam, seed, members=1, augmentation="flip-crop") for seed in (0, 1) for lam in (0.0, 1.0)]
    options = {"device": torch.device("cpu"), "dtype": torch.float64}
    results = train(specs, arrays, **options)
    alone = [train([spec], arrays, **options)[0] for spec in (specs[0], specs[3])]
    plain = train([make_spec(0.0, members=1)], arrays, **options)[0]
    for one, other in ((results[0], results[1]), (results[0], alone[0]), (results[3], alone[1])):
        for first, second in zip(one.epochs, other.epochs, strict=True):
            assert second["nll"] == pytest.approx(first["nll"], abs=1e-10)
    assert plain.epochs[0]["nll"] != pytest.approx(results[0].epochs[0]["nll"], abs=1e-6)
