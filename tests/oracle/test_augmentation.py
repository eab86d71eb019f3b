"""Batched augmentation against torchvision's own padding, crop and mirror, image by image."""

import pytest
import torch

from trainers.augmentation import FlipCrop

functional = pytest.importorskip("torchvision.transforms.functional")


@pytest.mark.parametrize(("channels", "height", "width"), [(3, 32, 32), (1, 28, 20)])
def test_it_is_torchvisions_crop_and_mirror(channels, height, width):
    stream = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (2, 60, channels, height, width), generator=stream).to(torch.uint8)
    augment = FlipCrop((0, 1), 1, 100, torch.device("cpu"))
    ours = augment(pixels, 40)
    for group in range(2):
        for image in range(60):
            top, left = augment.corners[group, 40 + image].tolist()
            expected = functional.crop(functional.pad(pixels[group, image], [4]), top, left, height, width)
            if augment.mirrored[group, 40 + image]:
                expected = functional.hflip(expected)
            assert torch.equal(ours[group, image], expected)
    assert augment.corners.min() == 0
    assert augment.corners.max() == 8
    assert set(augment.mirrored.flatten().tolist()) == {False, True}
