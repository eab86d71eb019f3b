"""Facts about the data sets, in one place for all packages.

To add a data set, add its entry to ``DATASETS``. Its images are then read from Parquet files in the data root.
``orchestrator/data/sources.py`` lists other sources.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

ClassCounts = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Standard:
    """The standardisation of pixels to inputs: (pixel / scale − mean) / sd, by channel."""

    scale: float
    mean: tuple[float, ...]
    sd: tuple[float, ...]


@dataclass(frozen=True)
class DatasetFacts:
    """The facts about one data set."""

    classes: int
    shape: tuple[int, int, int]
    """Channels, height and width of an image."""
    train: int
    """Training images, before validation images are split off."""
    test: int
    standard: Standard
    unequal: ClassCounts | None = None
    """Numbers of training and of test images of each class; None if the classes have equal numbers."""
    content: str | None = None
    """Digest of the published examples in any order (``trainers.data.Arrays.content``); None if unknown."""
    fingerprint: str | None = None
    """Digest of the published examples in their published order (``trainers.data.Arrays.fingerprint``); None if
    unknown."""

    @property
    def class_counts(self) -> ClassCounts:
        """Numbers of training and of test images of each class."""
        equal = (self.train // self.classes,) * self.classes, (self.test // self.classes,) * self.classes
        return self.unequal or equal


_CIFAR = Standard(255.0, (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))

DATASETS = {
    # scikit-learn ships 1,797 images in one set; the last 360 are the test set
    "digits": DatasetFacts(
        classes=10,
        shape=(1, 8, 8),
        train=1_437,
        test=360,
        standard=Standard(16.0, (0.3054,), (0.3755,)),  # mean and sd of its training images
        unequal=(
            (143, 146, 142, 146, 144, 145, 144, 143, 141, 143),
            (35, 36, 35, 37, 37, 37, 37, 36, 33, 37),
        ),
        content="614575476ebeb5d1a206b199c0b3de13135d0958553d21e7f6f1fa7dff87a44f",
        fingerprint="db2c967d3a9edac405a321199714d110ea00960c054be177f21aa1b80615f65a",
    ),
    "fashion_mnist": DatasetFacts(
        classes=10,
        shape=(1, 28, 28),
        train=60_000,
        test=10_000,
        standard=Standard(255.0, (0.2860,), (0.3530,)),
        content="8700fb1387925d09c05b68a01805cf7e2c29926ae8746474329477ed287ab6c5",
        fingerprint="75b81a4c02b95bbba7e3954950f6d9b67e9b4ba1ba3369d5b3a428bde132bfb8",
    ),
    "cifar10": DatasetFacts(classes=10, shape=(3, 32, 32), train=50_000, test=10_000, standard=_CIFAR),
    "cifar100": DatasetFacts(
        classes=100,
        shape=(3, 32, 32),
        train=50_000,
        test=10_000,
        standard=_CIFAR,
        content="34a73562c333c3f38088a2a09d18abd6d04eacc4d045680dcbdc10f3a665e06b",
    ),
}
"""The facts, by the data set's name in a spec. The digests of CIFAR-10 are unknown; torchvision verifies the checksums
of its own CIFAR-10 files."""

if TYPE_CHECKING:
    DatasetName = str
else:
    DatasetName = Literal[tuple(DATASETS)]
    """The names in ``DATASETS``, as a type that pydantic checks."""


class Named(Protocol):
    """Anything with a data set's name, such as the data set of a spec."""

    @property
    def name(self) -> str:
        """The data set's name."""


def facts_of(dataset: Named) -> DatasetFacts:
    """The facts about the data set that a spec names."""
    return DATASETS[dataset.name]
