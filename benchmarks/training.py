"""Training speed of the Fashion-MNIST ensembles: this project's loop, other programs, and the machine's limit.

The other programs are a loop over modules, ``torch.func``'s vmap over stacked modules, and torch-uncertainty's packed
layers if it is installed (``pip install -e '.[bench]'``). All of them use autograd, and only their steps are timed; for
this project whole epochs are timed. All are measured in one run, since absolute times differ between machines, and on
random images of Fashion-MNIST's size. Workers are processes that measure at the same time, like those of a sweep, and
their rates are added up. The limit is the rate at which a large matrix product, in the same workers and threads, would
do the floating-point operations. It omits the optimizer's memory traffic, so it is a little too high.

    python benchmarks/training.py [--only 16x64H] [--workers 2] [--threads 1] [--stack 1] [--seconds 2] [--json]
"""

import argparse
import json
import os
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context

import torch
from torch import Tensor, nn

from specs.architectures import Mlp
from specs.trial import Dataset, Evaluation, Robustness, Training, TrialSpec
from timing import matrix_product_flops, median_seconds
from trainers.data import Arrays
from trainers.losses import joint_loss
from trainers.training import train

CONFIGURATIONS = {"256x4H": (256, 4), "64x16H": (64, 16), "16x64H": (16, 64), "1x1024H": (1, 1024)}
INPUTS, CLASSES, BATCH = 784, 10, 100
LAM = 0.95
OTHERS = {"modules": "loop over modules", "vmap": "vmap", "packed": "packed layers"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CONFIGURATIONS, default=list(CONFIGURATIONS), metavar="NAME")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that train at once")
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    parser.add_argument("--stack", type=int, default=1, help="λs of one seed that are trained in one program")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each figure")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers, get_context("spawn"), prepare, (arguments.threads,)) as pool:

        def together(measured: Callable[..., float], *given: object) -> float:
            return sum(pool.map(measured, *([each] * arguments.workers for each in given)))

        flops = together(matrix_product_flops, arguments.seconds)
        rows: dict[str, dict[str, float | None]] = {}
        for name in arguments.only:
            size = CONFIGURATIONS[name]
            rows[name] = {
                "ensweep": together(epoch_rate, *size, arguments.seconds, arguments.stack),
                "modules": together(module_rate, *size, arguments.seconds),
                "vmap": together(vmap_rate, *size, arguments.seconds),
                "packed": together(packed_rate, *size, arguments.seconds) if find_spec("torch_uncertainty") else None,
                "limit": flops / operations(*size),
            }
    how = {"workers": arguments.workers, "threads": arguments.threads, "stack": arguments.stack, "flops": flops}
    if arguments.json:
        print(json.dumps(how | {"samples_per_second": rows}))
    else:
        show(rows, how)


def prepare(threads: int) -> None:
    """Set the number of threads of a worker."""
    torch.set_num_threads(threads)


def operations(members: int, hidden: int) -> int:
    """Floating-point operations of training on one image, without the gradient with respect to the image."""
    return members * (4 * INPUTS * hidden + 6 * hidden * CLASSES)


def epoch_rate(members: int, hidden: int, seconds: float, stack: int) -> float:
    """Samples per second of whole epochs of :func:`trainers.training.train`, which also measure validation and test
    images."""
    specs = [
        TrialSpec(
            architecture=Mlp(kind="mlp", members=members, hidden=hidden),
            lam=LAM * place / stack,
            seed=0,
            dataset=Dataset(name="fashion_mnist", validation=1_000),
            training=Training(epochs=max(3, round(2 * seconds / stack)), batch_size=BATCH, learning_rate=0.01),
            evaluation=Evaluation(train_examples=0, robustness=Robustness(repeats=0)),
        )
        for place in range(1, stack + 1)
    ]
    arrays = Arrays(
        torch.randint(256, (6_000, 1, 28, 28), dtype=torch.uint8),
        torch.randint(CLASSES, (6_000,)),
        torch.randint(256, (1_000, 1, 28, 28), dtype=torch.uint8),
        torch.randint(CLASSES, (1_000,)),
    )  # 5,000 for training, 1,000 for validation, 1,000 for the test: the proportions of the paper's sweep
    result = train(specs, arrays, device=torch.device("cpu"))[0]
    epochs = [float(str(row["seconds"])) for row in result.epochs if row["split"] == "test"]
    return 5_000 / statistics.median(epochs)  # the seconds are already one trial's share of its stack's


def module_rate(members: int, hidden: int, seconds: float) -> float:
    """Samples per second of a training step as it is usually written, without any measuring."""
    return BATCH / median_seconds(module_step(members, hidden), seconds)


def vmap_rate(members: int, hidden: int, seconds: float) -> float:
    """Samples per second of a training step by ``torch.func``."""
    return BATCH / median_seconds(vmap_step(members, hidden), seconds)


def packed_rate(members: int, hidden: int, seconds: float) -> float:
    """Samples per second of a training step by torch-uncertainty, in the faster form of ``einsum`` and ``full``."""
    return BATCH / min(median_seconds(packed_step(members, hidden, form), seconds) for form in ("einsum", "full"))


def module_step(members: int, hidden: int) -> Callable[[], None]:
    """One training step as it is usually written: a loop over modules, the joint loss, autograd, fused SGD."""
    networks = made(members, hidden)
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return step_of(parameters, lambda images: torch.stack([network(images) for network in networks]))


def vmap_step(members: int, hidden: int) -> Callable[[], None]:
    """One training step of a module that ``torch.func`` maps over stacked parameters."""
    networks = made(members, hidden)
    parameters, buffers = torch.func.stack_module_state(networks)
    network = networks[0].to("meta")

    def one(own: dict[str, Tensor], other: dict[str, Tensor], images: Tensor) -> Tensor:
        logits: Tensor = torch.func.functional_call(network, (own, other), (images,))
        return logits

    mapped = torch.func.vmap(one, (0, 0, None))
    return step_of(list(parameters.values()), lambda images: mapped(parameters, buffers, images))


def packed_step(members: int, hidden: int, form: str) -> Callable[[], None]:
    """One training step of torch-uncertainty's packed layers. The first takes the images once, the last separates the
    members."""
    from torch_uncertainty.layers import PackedLinear

    how = {"alpha": members, "num_estimators": members, "implementation": form}
    first, last = PackedLinear(INPUTS, hidden, first=True, **how), PackedLinear(hidden, CLASSES, last=True, **how)
    network = nn.Sequential(first, nn.ReLU(), last)
    return step_of(list(network.parameters()), lambda images: network(images).view(members, -1, CLASSES))


def made(members: int, hidden: int) -> list[nn.Module]:
    """Member networks as modules."""
    return [nn.Sequential(nn.Linear(INPUTS, hidden), nn.ReLU(), nn.Linear(hidden, CLASSES)) for _ in range(members)]


def step_of(parameters: list[Tensor], logits_of: Callable[[Tensor], Tensor]) -> Callable[[], None]:
    """A training step on one batch under autograd; logits are (member, example, class)."""
    optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9, fused=True)
    images, labels, lam = torch.rand(BATCH, INPUTS), torch.randint(CLASSES, (1, BATCH)), torch.tensor([LAM])

    def step() -> None:
        optimizer.zero_grad()
        joint_loss(logits_of(images).unsqueeze(0), labels, lam).sum().backward()
        optimizer.step()

    return step


def show(rows: dict[str, dict[str, float | None]], how: dict[str, float]) -> None:
    """Print one table: samples per second, the share of the limit, and the gain over the best other program."""
    print(
        f"{how['workers']} workers of {how['threads']} threads, stacks of {how['stack']}, "
        f"matrix product {how['flops'] / 1e9:.0f} GFLOP/s; samples/s (share of the limit)"
    )
    print(
        f"{'':10}{'ensweep, whole epochs':>24}" + "".join(f"{name:>20}" for name in (*OTHERS.values(), "limit", "gain"))
    )
    for name, row in rows.items():
        limit, ours = row["limit"] or 0.0, row["ensweep"] or 0.0
        others = [row[other] for other in OTHERS]
        cells = [f"{rate:,.0f} ({rate / limit:.0%})" if rate else "not installed" for rate in others]
        gain = ours / max(rate for rate in others if rate)
        print(
            f"{name:10}{f'{ours:,.0f} ({ours / limit:.0%})':>24}"
            + "".join(f"{cell:>20}" for cell in (*cells, f"{limit:,.0f}", f"{gain:.1f}×"))
        )


if __name__ == "__main__":
    main()
