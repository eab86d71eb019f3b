"""Augmentation of training images, whole batches at once on the device: a random crop after padding, and a mirror.

The draws depend on the seed, the epoch and the image's place in the epoch's order. They do not depend on λ, method or
batch size.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int, UInt8
from torch import Tensor
from torch.nn import functional

from trainers.seeding import generator

PADDING = 4

Pixels = UInt8[Tensor, "group example channel height width"]


class FlipCrop:
    """The draws of one epoch: each image is padded with 4 black pixels on every side, cropped at random to its size,
    and mirrored with probability ½.

    This is torchvision's ``RandomCrop(size, padding=4)`` followed by ``RandomHorizontalFlip()``, before normalisation.
    """

    def __init__(self, seeds: tuple[int, ...], epoch: int, examples: int, device: torch.device) -> None:
        """``seeds`` has one seed per group; ``examples`` is the number of images in an epoch."""
        drawn = [_draw(seed, epoch, examples) for seed in seeds]
        self.corners: Int[Tensor, "group example 2"] = torch.stack([corners for corners, _ in drawn]).to(device)
        """Row and column of the crop's first pixel in the padded image, 0 to 8."""
        self.mirrored: Bool[Tensor, "group example"] = torch.stack([mirrored for _, mirrored in drawn]).to(device)

    def __call__(self, pixels: Pixels, start: int) -> Pixels:
        """Augment a batch; ``start`` is the first image's place in the epoch."""
        groups, examples, channels, height, width = pixels.shape
        padded = functional.pad(pixels, [PADDING] * 4).flatten(-2).flatten(0, 1)
        corners, mirrored = (drawn[:, start : start + examples] for drawn in (self.corners, self.mirrored))
        places = _places(corners.reshape(-1, 2), mirrored.reshape(-1), height, width)
        taken = padded.gather(2, places.unsqueeze(1).expand(-1, channels, -1))
        return taken.view(groups, examples, channels, height, width)


def _draw(seed: int, epoch: int, examples: int) -> tuple[Int[Tensor, "example 2"], Bool[Tensor, " example"]]:
    stream = generator(seed, "augmentation", epoch)
    corners = torch.randint(2 * PADDING + 1, (examples, 2), generator=stream)
    return corners, torch.randint(2, (examples,), generator=stream).bool()


def _places(
    corners: Int[Tensor, "image 2"], mirrored: Bool[Tensor, " image"], height: int, width: int
) -> Int[Tensor, "image pixel"]:
    """The place of each pixel of the result in the flattened padded image."""
    rows = torch.arange(height, device=corners.device) + corners[:, :1]
    columns = torch.arange(width, device=corners.device)
    columns = torch.where(mirrored.unsqueeze(1), columns.flip(0), columns) + corners[:, 1:]
    return (rows.unsqueeze(2) * (width + 2 * PADDING) + columns.unsqueeze(1)).flatten(1)
