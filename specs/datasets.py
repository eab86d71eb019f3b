"""Facts about the data sets: what a spec is checked against, and what a reader of files expects."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetFacts:
    """Sizes of one data set."""

    classes: int
    shape: tuple[int, int, int]
    """Channels, height, width of an image."""
    train: int
    """Training images, before validation images are split off."""
    test: int


DATASETS = {
    "digits": DatasetFacts(10, (1, 8, 8), 1_437, 360),  # scikit-learn ships 1,797 in one; the last 360 are the test set
    "fashion_mnist": DatasetFacts(10, (1, 28, 28), 60_000, 10_000),
    "cifar10": DatasetFacts(10, (3, 32, 32), 50_000, 10_000),
    "cifar100": DatasetFacts(100, (3, 32, 32), 50_000, 10_000),
}
