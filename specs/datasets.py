"""Facts about the data sets: what a spec is checked against, and what a reader of files expects."""

from dataclasses import dataclass

ClassCounts = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class DatasetFacts:
    """Sizes of one data set."""

    classes: int
    shape: tuple[int, int, int]
    """Channels, height, width of an image."""
    train: int
    """Training images, before validation images are split off."""
    test: int
    unequal: ClassCounts | None = None
    """Training and test images of each class; None where every class has as many."""

    @property
    def class_counts(self) -> ClassCounts:
        """Training and test images of each class."""
        equal = (self.train // self.classes,) * self.classes, (self.test // self.classes,) * self.classes
        return self.unequal or equal


DATASETS = {
    # scikit-learn ships 1,797 in one; the last 360 are the test set
    "digits": DatasetFacts(
        10,
        (1, 8, 8),
        1_437,
        360,
        ((143, 146, 142, 146, 144, 145, 144, 143, 141, 143), (35, 36, 35, 37, 37, 37, 37, 36, 33, 37)),
    ),
    "fashion_mnist": DatasetFacts(10, (1, 28, 28), 60_000, 10_000),
    "cifar10": DatasetFacts(10, (3, 32, 32), 50_000, 10_000),
    "cifar100": DatasetFacts(100, (3, 32, 32), 50_000, 10_000),
}
