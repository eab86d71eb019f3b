"""Training steps of ensembles of ConvNets and DenseNets: this project's, other ways to run them, the machine's limit.

A step is a forward pass, the gradient of the joint loss on the logits, a backward pass and fused SGD. All ways compute
the same function: before anything is timed, each has trained for two steps from the same weights in float64, and its
logits must be ours. Their steps are timed in turn in one run, since absolute times move between machines; on one thread
by processor time. The limit counts floating-point operations at the rate of a large matrix product on as many threads,
timed in between.

    python benchmarks/convolutions.py [--only 4x76K 16x76K] [--threads 1] [--seconds 2] [--json]
"""

import argparse
import json
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from convolution_ways import CONVNET_WAYS, DENSENET_WAYS, Way
from specs.architectures import ConvNet, DenseNet
from timing import matrix_product, medians_in_turn
from trainers.ensembles import Gradients, build, gradients_for
from trainers.ensembles.gradients import OnLogits, gradients, gradients_member_by_member
from trainers.losses import joint_gradient

SHAPE, CLASSES, LAM = (3, 32, 32), 100, 0.95
RATE, TIMED_RATE = 0.1, 1e-4
"""Learning rates for each member: large enough for the logits to move, small enough for a thousand steps on noise."""


def convnet(members: int, *filters: int) -> ConvNet:
    """The catalogue's ConvNet with these filters."""
    return ConvNet(kind="convnet", members=members, filters=filters)


def densenet(members: int, depth: int, growth: int) -> DenseNet:
    """A DenseNet-BC."""
    return DenseNet(kind="densenet", members=members, depth=depth, growth=growth)


CONFIGURATIONS: dict[str, ConvNet | DenseNet] = {
    "4x6K": convnet(4, 4, 8, 8, 16, 16),
    "4x21K": convnet(4, 8, 16, 16, 32, 32),
    "4x76K": convnet(4, 16, 32, 32, 64, 64),
    "16x76K": convnet(16, 16, 32, 32, 64, 64),
    "10x291K": convnet(10, 32, 64, 64, 128, 128),
    "16x1134K": convnet(16, 64, 128, 128, 256, 256),
    "DN-tiny": densenet(2, 10, 4),
    "DN-lower": densenet(8, 10, 4),
    "DN-higher": densenet(2, 16, 6),
    "4 of DN-Low": densenet(4, 64, 6),
    "1 of DN-High": densenet(1, 100, 12),
}
"""Ensembles of the catalogue, or a part of their members where all would take too long."""
MEASURED = ("4x21K", "4x76K", "16x76K", "10x291K", "DN-lower", "DN-higher", "4 of DN-Low")
CHECKED, NEAR = 2, 1e-10
"""Images on which all ways must agree in float64, and how well: as a share of what two steps change."""
BATCH = {"convnet": 100, "densenet": 64}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CONFIGURATIONS, default=MEASURED, metavar="NAME")
    parser.add_argument("--threads", type=int, default=1, help="a sweep's workers have one each")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each figure; at least three steps")
    parser.add_argument("--batch", type=int, help="images of a step; as in the catalogue unless given")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = {}
    for name in arguments.only:
        rows[name] = measured(name, arguments.batch, arguments.seconds)
        if not arguments.json:
            show(name, rows[name], arguments.threads)
    if arguments.json:
        print(json.dumps({"threads": arguments.threads, "samples_per_second": rows}))


def measured(name: str, batch: int | None, seconds: float) -> dict[str, float]:
    """Samples a second of each way to train an ensemble, and of the limit."""
    architecture = CONFIGURATIONS[name]
    batch = batch or BATCH[architecture.kind]
    PlannedStack(architecture, CHECKED, torch.float64).check()
    task = PlannedStack(architecture, batch)
    product, operations = matrix_product()
    steps: dict[str, Callable[[], object]] = {way: task.step(way, TIMED_RATE) for way in task.ways}
    times = medians_in_turn(steps | {"limit": product}, seconds, torch.get_num_threads())
    times["limit"] *= task.operations() / operations
    return {way: batch / time for way, time in times.items()}


class PlannedStack:
    """One ensemble on one batch of random images."""

    def __init__(self, architecture: ConvNet | DenseNet, batch: int, dtype: torch.dtype = torch.float32) -> None:
        self._ensemble = build(architecture, SHAPE, CLASSES)
        self._routes: dict[str, Gradients] = {"ensweep": gradients_for(self._ensemble)}
        if architecture.kind == "densenet":
            self._routes |= {"one graph": gradients, "member by member": gradients_member_by_member}
        self._ways = CONVNET_WAYS if architecture.kind == "convnet" else DENSENET_WAYS
        stream = torch.Generator().manual_seed(0)
        self._images = torch.randn(batch, *SHAPE, generator=stream, dtype=dtype)
        self._labels = torch.randint(CLASSES, (1, batch), generator=stream)

    def step(self, name: str, rate: float) -> Callable[[], Tensor]:
        """One training step, which gives the logits that it began with, (trial, member, example, class)."""
        drawn = self._ensemble.initial_weights(0)
        weights = {key: weight.to(self._images.dtype) for key, weight in drawn.items()}
        if name in self._routes:
            return self._our_step(self._routes[name], weights, rate)
        return self._step_of(self._ways[name], weights, rate)

    @property
    def ways(self) -> list[str]:
        """Names of all ways to train, the project's own first."""
        return [*self._routes, *self._ways]

    def check(self) -> None:
        """Whether all ways still have our logits after two steps.

        Raises:
            SystemExit: one has not.
        """
        before, ours = logits_after_steps(self.step("ensweep", RATE))
        for name in self.ways:
            _, theirs = logits_after_steps(self.step(name, RATE))
            far = float((theirs - ours).abs().max() / (ours - before).abs().max())
            if not far < NEAR:
                raise SystemExit(f"{name} computes something else: {far:.1e} of what two steps change")

    def operations(self) -> int:
        """Floating-point operations of a step whose graph holds all members: no forward pass is run twice."""
        weights = trainable(self._ensemble.initial_weights(0), self._ensemble.buffers)
        with FlopCounterMode(display=False) as counter:
            gradients(self._ensemble, weights, self._images.unsqueeze(0), self._on_logits([]))
        return int(counter.get_total_flops())

    def _our_step(self, route: Gradients, own: dict[str, Tensor], rate: float) -> Callable[[], Tensor]:
        weights = trainable(own, self._ensemble.buffers)
        trained = [weight for weight in weights.values() if weight.requires_grad]
        optimizer = self._optimizer(trained, rate)
        seen: list[Tensor] = []

        def step() -> Tensor:
            found = route(self._ensemble, weights, self._images.unsqueeze(0), self._on_logits(seen))
            for weight, gradient in zip(trained, found, strict=True):
                weight.grad = gradient
            optimizer.step()
            return seen.pop()

        return step

    def _step_of(self, way: Way, weights: dict[str, Tensor], rate: float) -> Callable[[], Tensor]:
        """The same under autograd by another way."""
        parameters, logits_of = way(self._ensemble, weights)
        optimizer = self._optimizer(parameters, rate)

        def step() -> Tensor:
            optimizer.zero_grad()
            logits = logits_of(self._images).unsqueeze(0)
            logits.backward(self._on_logits([])(logits.detach()))
            optimizer.step()
            return logits.detach()

        return step

    def _on_logits(self, seen: list[Tensor]) -> OnLogits:
        """The gradient of the joint loss on the logits, which are put into ``seen``."""

        def gradient(logits: Tensor) -> Tensor:
            seen.append(logits)
            return joint_gradient(logits, self._labels, torch.tensor([LAM], dtype=logits.dtype))

        return gradient

    def _optimizer(self, parameters: list[Tensor], rate: float) -> torch.optim.SGD:
        return torch.optim.SGD(parameters, lr=rate * self._ensemble.members, momentum=0.9, fused=True)


def trainable(weights: dict[str, Tensor], buffers: frozenset[str]) -> dict[str, Tensor]:
    """Weights of a stack of one trial, (trial, member, …)."""
    return {name: weight.unsqueeze(0).requires_grad_(name not in buffers) for name, weight in weights.items()}


def logits_after_steps(step: Callable[[], Tensor]) -> tuple[Tensor, Tensor]:
    """Logits before any step and after two."""
    before, _, after = step(), step(), step()
    return before, after


def show(name: str, row: dict[str, float], threads: int) -> None:
    """One row a way: samples a second, the share of the limit, against ours."""
    limit = row["limit"]
    print(f"{name}, {threads} threads; limit {limit:,.4g} samples/s")
    for way, rate in row.items():
        if way != "limit":
            print(f"  {way:44}{rate:>10,.4g}{rate / limit:>7.0%}{rate / row['ensweep']:>8.2f}×")


if __name__ == "__main__":
    main()
