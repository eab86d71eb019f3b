"""Joint training at any λ: what all methods have, and nothing besides."""

from __future__ import annotations

from trainers.methods.method import Method


class Joint(Method):
    """Members learn by the joint loss L_λ (Webb et al. 2020, Eq. 4)."""
