"""The share of the ways to break ties in which a statement about several best λs holds.

``tied`` has an array per ensemble: whether each λ of one ascending grid ties for the best, of shape (…, λ). A way to
break the ties takes one of these λs for each ensemble. Shares have the shape (…), and are exactly 0 or 1 where no tie
matters.
"""

from collections.abc import Sequence

import numpy as np

Tied = Sequence[np.ndarray]


def all_among(tied: Tied, allowed: Sequence[np.ndarray]) -> np.ndarray:
    """The share in which each ensemble's best λ is among its allowed ones, given as an array of truths per ensemble."""
    both = [here & wanted for here, wanted in zip(tied, allowed, strict=True)]
    return np.asarray(_ways(both) / _ways(tied))


def alike(tied: Tied) -> np.ndarray:
    """The share in which all ensembles have the same best λ."""
    return np.asarray(_alike(tied) / _ways(tied))


def falling(tied: Tied) -> np.ndarray:
    """The share in which the best λ never rises from one ensemble to the next, and ends below where it began."""
    never_rising = tied[0].astype(float)  # the number of ways that end at each λ
    for here in tied[1:]:
        from_above = never_rising[..., ::-1].cumsum(-1)[..., ::-1]
        never_rising = here * from_above
    return np.asarray((never_rising.sum(-1) - _alike(tied)) / _ways(tied))


def rising(tied: Tied) -> np.ndarray:
    """The share in which the best λ never falls from one ensemble to the next, and ends above where it began."""
    return falling(tied[::-1])


def _ways(tied: Tied) -> np.ndarray:
    return np.asarray(np.prod([here.sum(-1, dtype=float) for here in tied], axis=0))


def _alike(tied: Tied) -> np.ndarray:
    return np.asarray(np.prod([here.astype(float) for here in tied], axis=0).sum(-1))
