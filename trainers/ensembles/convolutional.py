"""How the convolutional networks of a stack run: in turn on a CPU, at once on a GPU. Only here is it chosen.

Both ways compute the same function and round differently.
"""

from __future__ import annotations

import torch

from trainers.ensembles.grouped import at_once
from trainers.ensembles.layers import Way
from trainers.ensembles.network_loop import in_turn

WAYS: dict[str, Way] = {"cpu": in_turn, "cuda": at_once}
"""The faster way on each type of device, as measured (``docs/performance.md``)."""


def way_on(device: torch.device) -> Way:
    """The way to run a stack whose weights are on a device."""
    return WAYS[device.type]


def networks_at_a_time(device: torch.device, members: int) -> int:
    """Number of a trial's networks whose features are in memory at the same time, in a pass without a graph."""
    return 1 if way_on(device) is in_turn else members
