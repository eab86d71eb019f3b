"""Batched augmentation against torchvision's own padding, crop and mirror, image by image, before normalisation."""

import pytest
import torch

from trainers.augmentation import FlipCrop
from trainers.splits import STANDARDS, normalise

functional = pytest.importorskip("torchvision.transforms.functional")

CPU = torch.device("cpu")


def black(name: str, channels: int) -> torch.Tensor:
    return normalise(torch.zeros(1, channels, 1, 1, dtype=torch.uint8), STANDARDS[name], CPU, torch.float32)[0]


@pytest.mark.parametrize(
    ("name", "channels", "height", "width"), [("cifar10", 3, 32, 32), ("fashion_mnist", 1, 28, 20)]
)
def test_it_is_torchvisions_crop_and_mirror(name, channels, height, width):
    stream = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (2, 60, channels, height, width), generator=stream).to(torch.uint8)
    inputs = normalise(pixels.flatten(0, 1), STANDARDS[name], CPU, torch.float32).view(pixels.shape)
    augment = FlipCrop((0, 1), 1, 100, black(name, channels))
    ours = augment(inputs, 40)
    for group in range(2):
        for image in range(60):
            top, left = augment.corners[group, 40 + image].tolist()
            expected = functional.crop(functional.pad(pixels[group, image], [4]), top, left, height, width)
            if augment.mirrored[group, 40 + image]:
                expected = functional.hflip(expected)
            expected = normalise(expected.unsqueeze(0), STANDARDS[name], CPU, torch.float32)[0]
            assert torch.equal(ours[group, image], expected)
    assert augment.corners.min() == 0
    assert augment.corners.max() == 8
    assert set(augment.mirrored.flatten().tolist()) == {False, True}
