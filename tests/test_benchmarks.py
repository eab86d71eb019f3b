"""The benchmarks run. No test checks the speeds that they measure."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from benchmarks.all import SMALL, rows_of, table

FOLDER = Path(__file__).parent.parent / "benchmarks"


def said(script: str, *arguments: str):
    command = [sys.executable, FOLDER / f"{script}.py", *arguments, "--json"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def test_every_way_to_run_convolutions_is_timed_against_the_limit():
    rates = said("convolutions", "--only", "4x6K", "DN-tiny", "--batch", "4", "--seconds", "0.001")[
        "samples_per_second"
    ]
    assert set(rates) == {"4x6K", "DN-tiny"}
    ours = {"ensweep", "networks in turn", "networks at once", "member by member", "limit"}
    assert ours | {"grouped", "vmap", "im2col, batched product"} < set(rates["4x6K"])
    assert ours | {"grouped"} == set(rates["DN-tiny"])
    assert all(rate > 0 for row in rates.values() for rate in row.values())


def test_a_way_that_computes_something_else_is_not_timed(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    import convolutions

    import convolution_ways

    def stopped(ensemble, weights):
        parameters, logits = convolution_ways.products(ensemble, weights)
        return parameters[1:], logits  # the first convolution's weights are not trained

    task = convolutions.PlannedStack(convolutions.CONFIGURATIONS["4x6K"], 2, torch.float64)
    monkeypatch.setitem(convolution_ways.CONVNET_WAYS, "stopped", stopped)
    with pytest.raises(SystemExit, match="stopped computes something else"):
        task.check()


def test_steps_of_mlps_are_timed_beside_whole_epochs():
    found = said("training", "--workers", "1", "--seconds", "0.001", "--only", "16x64H")["samples_per_second"]["16x64H"]
    assert (found.pop("packed") is None) == (find_spec("torch_uncertainty") is None)
    assert set(found) == {"ensweep", "modules", "vmap", "limit"}
    assert all(rate > 0 for rate in found.values())


def test_one_table_tells_of_all_with_the_share_of_limit_or_goal():
    costs = {"overhead_between_trials": 0.025, "command_to_first_epoch_seconds": 12.0}
    costs |= {"plan_of_10000_trials_seconds": 1.0, "robustness_example_seconds": 3.0, "robustness_shared_seconds": 2.0}
    found = {
        "training": {"samples_per_second": {"16x64H": {"ensweep": 30_000.0, "limit": 50_000.0}}},
        "convolutions": {"samples_per_second": {"4x76K": {"ensweep": 700.0, "limit": 1_000.0}}},
        "overheads": costs,
        "report": [{"trials": 33, "seconds": 1.5}],
    }
    assert set(found) == set(SMALL)
    rows = rows_of(found)
    assert [row.share for row in rows] == [0.6, 0.7, 0.5, 2.0, 0.5, 0.5, None]
    assert len(table(rows).splitlines()) == 1 + len(rows)
