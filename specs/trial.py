"""One trial: everything that changes its numbers, and nothing else.

The settings of a run (device, threads, paths, retries) are in ``orchestrator.base.settings`` and are never hashed.
The names of a trial (its sweep, the name of its architecture) are in :mod:`specs.sweep`.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from specs.additions import AddedLater
from specs.architectures import Architecture
from specs.base import Count, Frozen, PlacedError, Rate, Real, Whole
from specs.datasets import DatasetName, facts_of
from specs.methods import JOINT, METHODS, Method

Precision = Literal["float32", "tf32", "bf16"]


class Dataset(Frozen):
    """The data set, and the numbers of training images that are held out and trained on."""

    name: DatasetName
    validation: Whole
    """Number of validation images, which the seed draws from the training set; 0 holds none out."""
    train_examples: Count | None = None
    """Number of images to train on: the first of those not held out, in the seed's order. None means all of them."""

    @model_validator(mode="after")
    def leaves_examples_to_train_on(self) -> "Dataset":
        available = facts_of(self).train
        if self.validation >= available:
            raise ValueError(f"validation must be less than the {available} training images of {self.name}")
        remaining = available - self.validation
        if self.train_examples is not None and self.train_examples > remaining:
            remedy = "leave it out to train on all of them"
            message = f"must be at most the {remaining} images not held out, got {self.train_examples}; {remedy}"
            raise PlacedError(("train_examples",), message)
        return self


class Training(Frozen):
    """Stochastic gradient descent with momentum, as ``torch.optim.SGD`` defines it."""

    epochs: Count
    batch_size: Count
    learning_rate: Rate
    momentum: Annotated[Real, Field(ge=0, lt=1)] = 0.9
    weight_decay: Annotated[Real, Field(ge=0)] = 0.0
    milestones: tuple[Count, ...] = ()
    """Numbers of completed epochs after which the learning rate is multiplied by ``milestone_factor``."""
    milestone_factor: Annotated[Real, Field(gt=0, le=1)] = 0.1
    augmentation: Literal["none", "flip-crop"] = "none"
    """``flip-crop`` mirrors each training image with probability ½ and crops it at random after padding by 4."""
    selection: Literal["validation", "final"] = "validation"
    """The weights that are tested: those of the epoch with the least validation error, or of the final epoch."""
    precision: Annotated[Precision, AddedLater(before="float32", named_in_checkpoints=True)] = "float32"
    """Precision of the products in training steps. ``tf32`` rounds the factors to a mantissa of 10 bits, in forward and
    backward passes, and needs CUDA. ``bf16`` runs the forward pass and its gradients in bfloat16. Weights, losses, the
    optimizer and all measurements are always float32."""

    @field_validator("milestones")
    @classmethod
    def milestones_increase(cls, milestones: tuple[int, ...]) -> tuple[int, ...]:
        if list(milestones) != sorted(set(milestones)):
            raise ValueError("milestones must increase, each once")
        return milestones


class Robustness(Frozen):
    """Accuracy of the ensemble when members are dropped at test time (paper, section 5)."""

    repeats: Whole = 20
    """Number of random draws of the dropped members; 0 measures nothing."""
    masks: tuple[Literal["example", "shared"], ...] = ("example",)
    """``example`` draws a subset for each test example, as the paper does; ``shared`` one for the whole test set."""

    @field_validator("masks")
    @classmethod
    def masks_are_distinct(cls, masks: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(masks)) != len(masks):
            raise ValueError("each kind of mask may stand once")
        return masks


class Hessian(Frozen):
    """A lower bound of the condition number of the joint loss's Hessian at the tested weights (paper, section 6), by
    Lanczos' method."""

    examples: Count = 1_000
    """Number of training images that the loss is averaged over: the first in the seed's order."""
    iterations: Annotated[Count, Field(ge=2)] = 50
    """Number of Lanczos steps."""


class Evaluation(Frozen):
    """Measurements besides those on validation and test images."""

    train_examples: Whole = 10_000
    """Number of training images measured after each epoch, in evaluation mode: the first in the seed's order. 0
    measures none; a number above that of the images trained on measures all."""
    robustness: Robustness = Robustness()
    filters: bool = False
    """Keep each member's first-layer weights, initial and tested (paper, Fig 5)."""
    hessian: Hessian | None = None
    """Not measured if None. The measurement takes many passes over its examples."""


class TrialSpec(Frozen):
    """One training: one architecture, method, λ and seed on one data set. Hashed in full by ``specs.identity``."""

    architecture: Architecture
    method: Method = JOINT
    lam: Real = Field(alias="lambda")
    """Weight λ of the ensemble's loss in L_λ = λ·D(p‖q̄) + (1−λ)·mean_j D(p‖q_j) (paper, Eq. 4). A sweep keeps it
    within 0 and 1 unless it allows extrapolation."""
    seed: Whole
    """Replicate number. It determines split, initial weights and data order, which are the same for all λ."""
    dataset: Dataset
    training: Training
    evaluation: Evaluation = Evaluation()

    @field_validator("lam")
    @classmethod
    def zero_has_no_sign(cls, lam: float) -> float:
        return lam + 0.0

    @model_validator(mode="after")
    def selection_has_images_to_select_on(self) -> "TrialSpec":
        if self.training.selection == "validation" and self.dataset.validation == 0:
            raise ValueError(
                "training.selection: validation needs dataset.validation > 0; "
                "hold images out, or set training.selection: final"
            )
        return self

    @model_validator(mode="after")
    def baselines_are_ensembles_of_independent_members(self) -> "TrialSpec":
        facts = METHODS[self.method]
        if facts.independent and (self.lam != 0 or self.architecture.members == 1):
            raise ValueError(f"method {self.method} trains several members independently: λ is 0 and members above 1")
        if facts.held_out_for and self.dataset.validation == 0:
            fits = f"{self.method} fits {facts.held_out_for} on held-out images"
            raise ValueError(f"dataset.validation: {fits}; hold some out")
        return self

    @property
    def member_parameters(self) -> int:
        """Parameters of one member."""
        facts = facts_of(self.dataset)
        return self.architecture.member_parameters(facts.shape, facts.classes)

    @property
    def total_parameters(self) -> int:
        """Parameters of the whole ensemble."""
        return self.architecture.members * self.member_parameters
