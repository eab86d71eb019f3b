"""Model dominance: one member does the ensemble's work while the others do not (paper, section 4 and Figure 6)."""

from collections.abc import Sequence

import numpy as np


def model_dominance(ensemble: float, members: Sequence[float] | np.ndarray, classes: int) -> float:
    """The smaller of two shares, each cut to 0 to 1: (others − best) / (chance − best) and
    (others − best) / (others − ensemble).

    ``best`` is the least error of a member, ``others`` the mean error of the other members, and ``chance`` is 1 − 1/K
    for K classes. The first share is small where the others are good, too. The second is small where the ensemble
    does what no member can; it is 1 where the ensemble errs at least as often as its best member.

    Args:
        ensemble: error of the ensemble, a fraction.
        members: error of each member, fractions of the same images.
        classes: number of classes.

    Returns:
        A number from 0 to 1. NaN for a single member, and where neither the ensemble nor any member errs less than
        chance: then there is no work that one member could do. Where the ensemble alone errs less than chance, the
        second share decides.
    """
    errors = np.asarray(members, dtype=float)
    chance = 1 - 1 / classes
    if len(errors) < 2 or min(ensemble, errors.min()) >= chance:
        return float("nan")
    best = errors.min()
    others = (errors.sum() - best) / (len(errors) - 1)
    room = max(chance - best, others - ensemble)  # the larger denominator makes the smaller share
    return float(np.clip((others - best) / room, 0.0, 1.0))
