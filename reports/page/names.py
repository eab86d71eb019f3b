"""What the names of a sweep's networks mean, said once."""

import re

from reports.frames.cells import architectures
from reports.frames.frames import Frames
from specs.architectures import Mlp, Network

MOST_EXPLAINED = 6
PATTERN = re.compile(r"(\d+)x(\d+)H")
"""The paper's way to name an ensemble of networks with one hidden layer: members × hidden units."""


def explained(frames: Frames) -> str:
    """A sentence on the names: one example of those that follow the paper's pattern, and each of the others."""
    networks = {name: frames.sweep.architectures[name].network() for name in architectures(frames)}
    plain = {name: network for name, network in networks.items() if follows_pattern(name, network)}
    own = [_described(name, network) for name, network in networks.items() if name not in plain]
    example = max(plain, key=lambda name: plain[name].members, default="")
    said = [f"{example} means {_shape(plain[example])}"] if example else []
    said += own[:MOST_EXPLAINED]
    if not said:
        return ""
    more = len(own) - MOST_EXPLAINED
    rest = f" Table 1 below has the {more} others." if more > 0 else ""
    return f"Names: {'; '.join(said)}.{rest}"


def follows_pattern(name: str, network: Network) -> bool:
    """Whether a name says members × hidden units, and says them truly."""
    found = PATTERN.fullmatch(name)
    return bool(found) and isinstance(network, Mlp) and found.groups() == (str(network.members), str(network.hidden))  # type: ignore[union-attr]


def _shape(network: Network) -> str:
    return f"{_members(network)} with {network.described()}{'' if network.members == 1 else ' each'}"


def _described(name: str, network: Network) -> str:
    return f"{name} means {_members(network)} ({network.kind}, {network.described()})"


def _members(network: Network) -> str:
    return "one network" if network.members == 1 else f"{network.members:,} members"
