"""Joint training at any λ. It adds nothing to the training that all methods share."""

from __future__ import annotations

from trainers.methods.method import Method


class Joint(Method):
    """Members learn by the joint loss L_λ (Webb et al. 2020, Eq. 4)."""
