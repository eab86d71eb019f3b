"""The training methods: facts for all packages, by the method's name in a spec.

To add a method, add its entry here and write its hooks in the class that the entry names.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal


@dataclass(frozen=True)
class MethodFacts:
    """The facts about one method."""

    hooks: str
    """The class with its part of the training, as ``module:class``; see :class:`trainers.methods.method.Method`."""
    independent: bool = True
    """Whether its members learn independently. Such a method needs several members and sweeps no λ: its trials have
    λ = 0."""
    held_out_for: str = ""
    """The thing that it fits on held-out images after the training; empty if it needs no such images."""
    settings: str = ""
    """A clause for the report that describes the method; set for methods whose settings the paper does not publish."""


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
    """The name of a method. ``joint`` trains members by the joint loss at any λ, and also a single network; ``bagging``
    trains each on its own bootstrap resample; ``stacking`` trains them independently and fits a linear softmax combiner
    on held-out logits."""

JOINT = "joint"
"""The method that sweeps λ, and the only method for a single network."""
BASELINES = tuple(name for name, facts in METHODS.items() if facts.independent)
"""The methods that joint training is compared with."""
