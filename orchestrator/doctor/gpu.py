"""GPUs: what torch sees, against what the machine has."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestrator.doctor.checks import Check, error, ok, size, warning
from orchestrator.doctor.probe import Probe

TOPIC = "gpu"


def examine(torch: Probe, environment: Mapping[str, str], device_node: Path) -> Iterator[Check]:
    """GPUs that can be trained on, and why not where there seems to be one.

    Args:
        torch: how its import went, and what it saw.
        environment: for ``PATH``, where a driver puts nvidia-smi, and ``CUDA_VISIBLE_DEVICES``.
        device_node: the first GPU's device file.
    """
    present = device_node.exists() or shutil.which("nvidia-smi", path=environment.get("PATH", "")) is not None
    if torch.fault:
        if present:
            yield warning(TOPIC, "there is an NVIDIA driver, but torch cannot be asked", "mend torch, see versions")
    elif gpus := torch.facts["gpus"]:
        yield from (_one(index, gpu) for index, gpu in enumerate(gpus))
    elif present:
        yield _unseen(torch, environment)
    else:
        yield ok(TOPIC, "none; sweeps run on the CPU")


def _one(index: int, gpu: Mapping[str, object]) -> Check:
    name = f"{index}: {gpu['name']}, {size(float(str(gpu['memory'])))}"
    if gpu["fault"]:
        remedy = "install a torch that supports it (https://pytorch.org/get-started), or run --device cpu"
        return error(TOPIC, f"{name}, cannot be used: {gpu['fault']}", remedy)
    return ok(TOPIC, name)


def _unseen(torch: Probe, environment: Mapping[str, str]) -> Check:
    message = "there is an NVIDIA driver, but torch sees no GPU"
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return warning(TOPIC, f"{message}: CUDA_VISIBLE_DEVICES={visible} hides them", "unset CUDA_VISIBLE_DEVICES")
    if torch.facts["cuda"] is None:
        remedy = "install a torch with CUDA (https://pytorch.org/get-started)"
        return warning(TOPIC, f"{message}: it was built for the CPU alone", remedy)
    remedy = f"see what nvidia-smi says; torch needs a driver for CUDA {torch.facts['cuda']}, a container --gpus all"
    return warning(TOPIC, f"{message}: the driver may be too old or not reach this container", remedy)
