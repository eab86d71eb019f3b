import os

import torch

from trainers.devices import memory_for_a_graph


def test_a_graph_gets_a_quarter_of_what_memory_a_core_has(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**23}.__getitem__)
    assert memory_for_a_graph(torch.device("cpu")) == 2**30  # of 32 GB
    torch.set_num_threads(2)
    assert memory_for_a_graph(torch.device("cpu")) == 2**31


def test_a_gpus_graph_is_small_whatever_the_machine():
    assert memory_for_a_graph(torch.device("cuda")) == 2**29
