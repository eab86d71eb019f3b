"""How members are trained: facts that every room asks, by the name that a spec gives.

To add a method, add its entry here and write its hooks where the entry says they are.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal


@dataclass(frozen=True)
class MethodFacts:
    """What is known of one method."""

    hooks: str
    """Its part of the training: a module and a class in it, see :class:`trainers.methods.method.Method`."""
    independent: bool = True
    """Whether its members learn independently: it has no λ, stands at λ = 0, and needs several members."""
    held_out_for: str = ""
    """What it fits on held-out images after the training; empty where it needs none."""
    settings: str = ""
    """What it does, as a clause for the report; the paper publishes no settings of the methods that have one."""


METHODS = {
    "joint": MethodFacts("trainers.methods.joint:Joint", independent=False),
    "bagging": MethodFacts(
        "trainers.methods.bagging:Bagging",
        settings="bagging trains each member on its own bootstrap resample and averages logits",
    ),
    "stacking": MethodFacts(
        "trainers.methods.stacking:Stacking",
        held_out_for="its combiner",
        settings="stacking trains members independently and fits a linear softmax combiner to their held-out logits",
    ),
}

if TYPE_CHECKING:
    Method = str
else:
    Method = Literal[tuple(METHODS)]
    """How members are trained: ``joint`` by the joint loss at any λ, a single network included; ``bagging`` each on its
    own bootstrap resample; ``stacking`` independently, with a linear softmax combiner fitted on held-out logits."""

JOINT = "joint"
"""The method that sweeps λ, and the only one of a single network."""
BASELINES = tuple(name for name, facts in METHODS.items() if facts.independent)
"""What joint training is compared with."""
