"""How many stacks run at once follows from what each asks of Ray, which packs them."""

import os
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from orchestrator.base.settings import Settings
from specs.errors import EnsweepError

pytestmark = pytest.mark.ray


@pytest.fixture
def resources(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, float]]:
    """What a stack asks for, on a cluster of eight cores and so many GPUs."""
    from orchestrator.driver import ray_environment

    with mock.patch.dict(os.environ):
        ray_environment.prepare("local")
        from orchestrator.driver import ray_cluster

    def asked(gpus: float, **settings: Any) -> dict[str, float]:
        there = {"CPU": 8.0} | ({"GPU": gpus} if gpus else {})
        monkeypatch.setattr(ray_cluster.ray, "cluster_resources", lambda: there)
        return ray_cluster._resources(Settings(**settings))

    return asked


def test_shares_of_a_gpu_say_how_many_stacks_it_holds(resources: Callable[..., dict[str, float]]) -> None:
    for share, at_once in ((1.0, 2), (0.5, 4), (0.25, 8), (2.0, 1)):
        asked = resources(2.0, gpus_per_stack=share)
        assert min(8 // asked["cpu"], 2 // asked["gpu"]) == at_once


def test_without_a_gpu_or_on_the_cpu_none_is_asked_for(resources: Callable[..., dict[str, float]]) -> None:
    assert resources(0.0)["gpu"] == 0
    assert resources(2.0, device="cpu", threads=2) == {"cpu": 2, "gpu": 0}


def test_more_than_this_machine_has_is_refused(resources: Callable[..., dict[str, float]]) -> None:
    with pytest.raises(EnsweepError, match="--gpus-per-stack 2 is more than this machine has: 1"):
        resources(1.0, gpus_per_stack=2.0)
    assert resources(1.0, gpus_per_stack=2.0, address="ray://elsewhere:10001")["gpu"] == 2
