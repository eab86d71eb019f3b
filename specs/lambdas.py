"""How a λ is written, wherever one is shown: short, and unlike every other that is shown beside it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

DIGITS = 6
"""Significant digits that a λ is shown with, unless another is the same in them."""

_shown: ContextVar[frozenset[float]] = ContextVar("shown", default=frozenset())


@contextmanager
def told_apart(lambdas: Iterable[float]) -> Iterator[None]:
    """What is written within the block tells these λs apart, and those of the blocks around it."""
    token = _shown.set(_shown.get() | {float(lam) for lam in lambdas})
    try:
        yield
    finally:
        _shown.reset(token)


def written(lam: float, digits: int = DIGITS) -> str:
    """``0.95``; with all its digits where another λ that is shown looks the same without them."""
    short = _short(lam, digits)
    return repr(float(lam)) if lam in _alike(_shown.get(), digits) and float(short) != lam else short


@lru_cache(maxsize=16)
def _alike(lambdas: frozenset[float], digits: int) -> frozenset[float]:
    """Those that look like another one."""
    times = Counter(_short(lam, digits) for lam in lambdas)
    return frozenset(lam for lam in lambdas if times[_short(lam, digits)] > 1)


def _short(lam: float, digits: int) -> str:
    return f"{lam:.{digits}g}"
