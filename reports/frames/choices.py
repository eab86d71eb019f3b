"""The choice of an ensemble's best λ: by which error, on which seeds, and which λs tie.

Whatever names a best λ asks here, so that all parts of a page name the same one.
"""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from reports.frames.cache import remembered
from reports.frames.cells import by_seed, chosen_by_validation, lambdas
from reports.frames.frames import STATUSES, Frames
from reports.statistics.bootstrap import Best, best_lambda
from specs.datasets import facts_of
from specs.methods import JOINT


@dataclass(frozen=True, eq=False)
class Choice:
    """What the best λ of one ensemble is chosen by."""

    by_validation: bool
    """Whether it is chosen by validation errors, and not by test errors."""
    wrong: pd.DataFrame
    """Numbers of wrong images by seed (rows) and planned λ (columns, ascending); NaN where a trial is not complete."""
    whole: bool
    """Whether every planned trial of the ensemble's λs is complete."""

    @property
    def criterion(self) -> str:
        """The error in words: ``validation error`` or ``test error``."""
        return f"{'validation' if self.by_validation else 'test'} error"

    @cached_property
    def best(self) -> Best | None:
        """The λs with the least mean error; None if no seed has every measured λ."""
        return best_lambda(self.wrong)

    @property
    def tied(self) -> tuple[float, ...]:
        """The best λ, or all λs that tie for it, ascending; empty if there is none."""
        return self.best.tied if self.best else ()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that every measured λ has, over which λs are compared."""
        return self.best.seeds if self.best else ()

    @property
    def unmeasured(self) -> tuple[float, ...]:
        """Planned λs without any complete seed. They take no part in the choice."""
        return tuple(float(lam) for lam in self.wrong.columns[self.wrong.isna().all()])

    @property
    def tests_fairly(self) -> bool:
        """Whether the test error at the chosen λ is a fair estimate for the trained networks.

        It is where validation images alone chose the λ, and no trial that could have changed the choice is missing. The
        epoch is never selected on test images (``training.selection``).
        """
        return self.by_validation and self.whole


@remembered
def choice(frames: Frames, architecture: str) -> Choice:
    """The choice of one ensemble's best λ."""
    by_validation = chosen_by_validation(frames)
    column, images = "test_error", facts_of(frames.sweep.dataset).test
    if by_validation:
        column, images = "validation_error", frames.sweep.dataset.validation
    grid = lambdas(frames)
    errors = {lam: by_seed(frames, architecture, lam, column) for lam in grid}
    planned = frames.planned[(frames.planned["architecture"] == architecture) & (frames.planned["method"] == JOINT)]
    return Choice(
        by_validation,
        wrong_images(pd.DataFrame(errors, columns=grid, dtype=float).sort_index(), images),
        bool((planned["status"] == STATUSES[0]).all()),
    )


def wrong_images(rates: pd.DataFrame, images: int) -> pd.DataFrame:
    """Error rates as the numbers of wrong images that they stand for."""
    return (rates * images).round()
