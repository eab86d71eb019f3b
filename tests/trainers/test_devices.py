import os

import torch

from trainers.devices import free_memory, memory_for_a_graph


def test_a_graph_gets_a_quarter_of_what_memory_a_core_has(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**23}.__getitem__)
    assert memory_for_a_graph(torch.device("cpu")) == 2**30  # of 32 GB
    torch.set_num_threads(2)
    assert memory_for_a_graph(torch.device("cpu")) == 2**31


def test_a_gpus_graph_gets_a_share_of_what_is_free_and_of_what_torch_keeps_unused(monkeypatch):
    """10 of 80 GB are free. Torch has 8 GB from an earlier stack in this process, and uses 3 of them."""
    cuda = torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10 * 10**9, 80 * 10**9))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 8 * 10**9)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 3 * 10**9)
    assert free_memory(cuda) == 15 * 10**9
    assert memory_for_a_graph(cuda) == 10_500_000_000
