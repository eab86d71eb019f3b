"""First-layer filters as one picture: a row a member, a small square a filter, all on one scale."""

from collections.abc import Sequence

import numpy as np

GREY = 128
"""A weight of 0."""
GAP_PIXELS = 1
"""Clear pixels between filters."""
CLIP_QUANTILE = 0.99
"""Share of all weights that the scale covers: the few beyond it are drawn as the strongest."""


def scale(filters: Sequence[np.ndarray]) -> float:
    """The absolute weight that is drawn as strongest, over all members and λs of a figure."""
    weights = np.abs(np.concatenate([each.ravel() for each in filters]))
    return float(np.quantile(weights, CLIP_QUANTILE)) or 1.0


def mosaic(members: Sequence[np.ndarray], strongest: float) -> np.ndarray:
    """Red, green, blue and opacity of (row, column) for members' filters of (filter, channel, height, width).

    Grey is 0, light positive, dark negative; three channels are red, green and blue, any other number their mean.
    Within a member the filters stand in the order of their norms, the largest first.
    """
    count, _, height, width = members[0].shape
    tall, wide = height + GAP_PIXELS, width + GAP_PIXELS
    picture = np.zeros((len(members) * tall - GAP_PIXELS, count * wide - GAP_PIXELS, 4), dtype=np.uint8)
    for row, filters in enumerate(members):
        norms = np.linalg.norm(filters.reshape(count, -1), axis=1)
        for column, index in enumerate(np.argsort(-norms, kind="stable")):
            top, left = row * tall, column * wide
            picture[top : top + height, left : left + width] = _pixels(filters[index], strongest)
    return picture


def _pixels(one: np.ndarray, strongest: float) -> np.ndarray:
    colours = one if len(one) == 3 else np.repeat(one.mean(0, keepdims=True), 3, axis=0)
    levels = np.clip(np.round(GREY + (GREY - 1) * colours / strongest), 1, 255)
    opaque = np.full((1, *levels.shape[1:]), 255)
    return np.concatenate([levels, opaque]).transpose(1, 2, 0).astype(np.uint8)
