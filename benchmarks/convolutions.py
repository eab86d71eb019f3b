"""Speed of training steps of ConvNet and DenseNet ensembles: ours, other ways to run them, and the machine's limit.

A step is a forward pass, the gradient of the joint loss on the logits, a backward pass and fused SGD. All ways compute
the same function: before anything is timed, each way trains for two steps from the same weights in float64, and its
logits must equal ours. The steps of all ways are timed in turn in one run, since absolute times differ between
machines. With one thread on a CPU, the time is processor time. The limit is the rate at which a large matrix product,
on the same number of threads and timed in the same run, would do a step's floating-point operations.

    python benchmarks/convolutions.py [--only 4x76K 16x76K] [--device cuda] [--threads 1] [--seconds 2]
                                       [--json]
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from convolution_ways import CONVNET_WAYS, DENSENET_WAYS, Way
from specs.architectures import ConvNet, DenseNet
from timing import matrix_product, medians_in_turn
from trainers.devices import choose_device, deterministic, device_name, memory_for_a_graph
from trainers.ensembles import Ensemble, Gradients, build, gradients_for
from trainers.ensembles.convnet import ConvNetEnsemble
from trainers.ensembles.densenet import DenseNetEnsemble
from trainers.ensembles.gradients import OnLogits, gradients, gradients_in_parts, networks_in_a_graph
from trainers.ensembles.grouped import at_once
from trainers.ensembles.layers import Way as OfNetworks
from trainers.ensembles.network_loop import in_turn
from trainers.losses import joint_gradient

CPU = torch.device("cpu")
SHAPE, CLASSES, LAM = (3, 32, 32), 100, 0.95
RATE, TIMED_RATE = 0.1, 1e-4
"""Learning rates per member. The first is large enough for the logits to change in the check. The second is small
enough for a thousand timed steps on noise."""


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
"""Ensembles of the catalogue, with a part of the members where all would take too long."""
MEASURED = ("4x21K", "4x76K", "16x76K", "10x291K", "DN-lower", "DN-higher", "4 of DN-Low")
CHECKED, NEAR = 2, 1e-10
"""Number of images on which all ways must agree in float64, and the largest difference, as a share of the change of the
logits in two steps."""
BATCH = {"convnet": 100, "densenet": 64}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CONFIGURATIONS, default=MEASURED, metavar="NAME")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=1, help="a sweep's workers have one each")
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each figure; at least three steps")
    parser.add_argument("--batch", type=int, help="images of a step; as in the catalogue unless given")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device, rows = choose_device(arguments.device), {}
    where = f"{device_name(device)}, {arguments.threads} threads"
    for name in arguments.only:
        with deterministic(device):
            rows[name] = measured(name, arguments.batch, arguments.seconds, device)
        if not arguments.json:
            show(name, rows[name], where)
    if arguments.json:
        said = {"device": device_name(device), "threads": arguments.threads, "samples_per_second": rows}
        print(json.dumps(said))


def measured(name: str, batch: int | None, seconds: float, device: torch.device) -> dict[str, float]:
    """Samples per second of each way to train an ensemble, and of the limit."""
    architecture = CONFIGURATIONS[name]
    batch = batch or BATCH[architecture.kind]
    PlannedStack(architecture, CHECKED, torch.float64, device).check()
    task = PlannedStack(architecture, batch, torch.float32, device)
    product, operations = matrix_product(device)
    steps: dict[str, Callable[[], object]] = {way: task.step(way, TIMED_RATE) for way in task.ways}
    times = medians_in_turn(steps | {"limit": product}, seconds, torch.get_num_threads(), device)
    times["limit"] *= task.operations() / operations
    return {way: batch / time for way, time in times.items()}


@dataclass(frozen=True)
class InOneGraph:
    """Gradients of all networks in one graph, by one of our two ways to run them, on any device."""

    ensemble: ConvNetEnsemble | DenseNetEnsemble
    way: OfNetworks

    @property
    def buffers(self) -> frozenset[str]:
        """Names of the weights that no gradient trains."""
        return self.ensemble.buffers

    def logits(self, weights: dict[str, Tensor], images: Tensor, *, training: bool = False) -> Tensor:
        """Logits of every member."""
        return self.way(self.ensemble.forward, weights, images, training)

    def __call__(self, _: Ensemble, weights: dict[str, Tensor], images: Tensor, on_logits: OnLogits) -> list[Tensor]:
        """Gradient of each trained weight."""
        return gradients(self, weights, images, on_logits)


class PlannedStack:
    """One ensemble on one batch of random images."""

    def __init__(
        self,
        architecture: ConvNet | DenseNet,
        batch: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device = CPU,
    ) -> None:
        self._ensemble: ConvNetEnsemble | DenseNetEnsemble = build(architecture, SHAPE, CLASSES)  # type: ignore[assignment]
        self._routes = self._our_routes(batch, dtype, device)
        self._ways = CONVNET_WAYS if architecture.kind == "convnet" else DENSENET_WAYS
        stream = torch.Generator().manual_seed(0)
        self._images = torch.randn(batch, *SHAPE, generator=stream, dtype=dtype).to(device)
        self._labels = torch.randint(CLASSES, (1, batch), generator=stream).to(device)

    def _our_routes(self, batch: int, dtype: torch.dtype, device: torch.device) -> dict[str, Gradients]:
        """What a training on this device does, and its two forms on any: in one graph, and with less memory."""
        members, room = self._ensemble.members, memory_for_a_graph(device)
        held = networks_in_a_graph(self._ensemble, 1, batch, dtype, device, room)
        return {
            "ensweep": gradients_for(self._ensemble, part=held if held < members else None),
            "networks in turn": InOneGraph(self._ensemble, in_turn),
            "networks at once": InOneGraph(self._ensemble, at_once),
            "member by member": partial(gradients_in_parts, 1),
        }

    def step(self, name: str, rate: float) -> Callable[[], Tensor]:
        """A function that makes one training step and returns the logits (trial, member, example, class) before it."""
        drawn = self._ensemble.initial_weights(0)
        weights = {key: weight.to(self._images) for key, weight in drawn.items()}
        if name in self._routes:
            return self._our_step(self._routes[name], weights, rate)
        return self._step_of(self._ways[name], weights, rate)

    @property
    def ways(self) -> list[str]:
        """Names of all ways to train, the project's own first."""
        return [*self._routes, *self._ways]

    def check(self) -> None:
        """Check that all ways have our logits after two steps.

        Raises:
            SystemExit: a way has other logits.
        """
        before, ours = logits_after_steps(self.step("ensweep", RATE))
        for name in self.ways:
            _, theirs = logits_after_steps(self.step(name, RATE))
            far = float((theirs - ours).abs().max() / (ours - before).abs().max())
            if not far < NEAR:
                raise SystemExit(f"{name} computes something else: {far:.1e} of what two steps change")

    def operations(self) -> int:
        """Floating-point operations of a step in one graph of all members, which runs no forward pass twice."""
        drawn = {name: weight.to(self._images) for name, weight in self._ensemble.initial_weights(0).items()}
        weights, route = trainable(drawn, self._ensemble.buffers), self._routes["networks in turn"]
        with FlopCounterMode(display=False) as counter:
            route(self._ensemble, weights, self._images.unsqueeze(0), self._on_logits([]))
        return int(counter.get_total_flops())

    def _our_step(self, route: Gradients, own: dict[str, Tensor], rate: float) -> Callable[[], Tensor]:
        weights = trainable(own, self._ensemble.buffers)
        trained = [weight for weight in weights.values() if weight.requires_grad]
        optimizer = self._optimizer(trained, rate)
        seen: list[Tensor] = []

        def step() -> Tensor:
            found = route(self._ensemble, weights, self._images.unsqueeze(0), self._on_logits(seen))
            for weight, gradient in zip(trained, found, strict=True):
                weight.grad = gradient.contiguous()  # as trainers.optimizer does, and for the same reason
            optimizer.step()
            return seen.pop()

        return step

    def _step_of(self, way: Way, weights: dict[str, Tensor], rate: float) -> Callable[[], Tensor]:
        """A step by another way, under autograd."""
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
        """A function that returns the gradient of the joint loss on the logits and appends the logits to ``seen``."""

        def gradient(logits: Tensor) -> Tensor:
            seen.append(logits)
            return joint_gradient(logits, self._labels, logits.new_tensor([LAM]))

        return gradient

    def _optimizer(self, parameters: list[Tensor], rate: float) -> torch.optim.SGD:
        return torch.optim.SGD(parameters, lr=rate * self._ensemble.members, momentum=0.9, fused=True)


def trainable(weights: dict[str, Tensor], buffers: frozenset[str]) -> dict[str, Tensor]:
    """The weights as those of a stack of one trial, (trial, member, …), which require gradients except for buffers."""
    return {name: weight.unsqueeze(0).requires_grad_(name not in buffers) for name, weight in weights.items()}


def logits_after_steps(step: Callable[[], Tensor]) -> tuple[Tensor, Tensor]:
    """Logits before the first step, and after two steps."""
    before, _, after = step(), step(), step()
    return before, after


def show(name: str, row: dict[str, float], where: str) -> None:
    """Print one row per way: samples per second, the share of the limit, and the ratio to ours."""
    limit = row["limit"]
    print(f"{name}, {where}; limit {limit:,.4g} samples/s")
    for way, rate in row.items():
        if way != "limit":
            print(f"  {way:44}{rate:>10,.4g}{rate / limit:>7.0%}{rate / row['ensweep']:>8.2f}×")


if __name__ == "__main__":
    main()
