"""Other ways to run an ensemble of ConvNets or DenseNets. Each computes the same function as the project's own two.

A way takes an ensemble and its initial weights, each (member, …). It returns its parameters, in its own memory layout,
and a function from images (example, channel, height, width) to logits (member, example, class).
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from trainers.ensembles.convnet import ConvNetEnsemble
from trainers.ensembles.densenet import BLOCKS, DenseNetEnsemble
from trainers.ensembles.network_loop import networks

Weights = dict[str, Tensor]
Built = tuple[list[Tensor], Callable[[Tensor], Tensor]]
Way = Callable[..., Built]
CHANNELS_LAST, CHANNELS_FIRST = torch.channels_last, torch.contiguous_format


def parameters_of(weights: Weights, buffers: frozenset[str] = frozenset()) -> list[Tensor]:
    """The trained weights, which require gradients from now on."""
    return [weight.requires_grad_() for name, weight in weights.items() if name not in buffers]


def flat(weights: Weights, layout: torch.memory_format) -> Weights:
    """Copies of the weights with all members in the first axis, as grouped convolutions need them."""
    return {
        name: weight.flatten(0, 1).contiguous(memory_format=layout if weight.ndim == 5 else CHANNELS_FIRST).clone()
        for name, weight in weights.items()
    }


def output(ensemble: ConvNetEnsemble | DenseNetEnsemble, weights: Weights, features: Tensor) -> Tensor:
    """Average pool and linear layer of all members on features (example, member · channel, height, width)."""
    pooled = features.mean((2, 3)).view(len(features), ensemble.members, -1).transpose(0, 1)
    weight = weights["output.weight"].view(ensemble.members, ensemble.classes, -1)
    return torch.baddbmm(weights["output.bias"].view(ensemble.members, 1, -1), pooled, weight.mT)


def grouped(layout: torch.memory_format, ensemble: ConvNetEnsemble, weights: Weights) -> Built:
    """Grouped convolutions over the members' channels, the first on a copy of the images for each member."""
    own = flat(weights, layout)

    def logits(images: Tensor) -> Tensor:
        features = images.repeat(1, ensemble.members, 1, 1).contiguous(memory_format=layout)
        for layer, stride in enumerate(ensemble.strides, start=1):
            weight, bias = own[f"convolution{layer}.weight"], own[f"convolution{layer}.bias"]
            features = functional.conv2d(features, weight, bias, stride, groups=ensemble.members).relu_()
        return output(ensemble, own, features)

    return parameters_of(own), logits


def shared_then_loop(ensemble: ConvNetEnsemble, weights: Weights) -> Built:
    """One first convolution for all members; the others run member by member, channels last."""
    first = flat({name: weights[name] for name in ("convolution1.weight", "convolution1.bias")}, CHANNELS_LAST)
    rest = {name: weight.clone() for name, weight in weights.items() if not name.startswith("convolution1.")}

    def logits(images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=CHANNELS_LAST)
        features = functional.conv2d(images, *first.values(), ensemble.strides[0]).relu_()
        members = networks({name: weight.unsqueeze(0) for name, weight in rest.items()})
        shares = zip(members, features.chunk(len(members), 1), strict=True)
        return torch.stack([_rest(ensemble, network, share) for network, share in shares])

    return parameters_of(first) + parameters_of(rest), logits


def _rest(ensemble: ConvNetEnsemble, network: Weights, features: Tensor) -> Tensor:
    features = features.contiguous(memory_format=CHANNELS_LAST)
    for layer, stride in enumerate(ensemble.strides[1:], start=2):
        weight, bias = network[f"convolution{layer}.weight"], network[f"convolution{layer}.bias"]
        features = functional.conv2d(features, weight, bias, stride).relu_()
    return functional.linear(features.mean((2, 3)), network["output.weight"], network["output.bias"])


def modules(ensemble: ConvNetEnsemble, weights: Weights) -> list[nn.Sequential]:
    """Each member as torch's own layers."""
    made = []
    for member in range(ensemble.members):
        layers: list[nn.Module] = []
        channels = ensemble.image_shape[0]
        for filters, stride in zip(ensemble.filters, ensemble.strides, strict=True):
            layers += [nn.Conv2d(channels, filters, 3, stride), nn.ReLU(inplace=True)]
            channels = filters
        network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, ensemble.classes))
        network.to(weights["output.weight"].dtype)
        for parameter, weight in zip(network.parameters(), weights.values(), strict=True):
            parameter.data.copy_(weight[member])
        made.append(network)
    return made


def loop(layout: torch.memory_format, ensemble: ConvNetEnsemble, weights: Weights) -> Built:
    """A loop over the members' modules."""
    members = [network.to(memory_format=layout) for network in modules(ensemble, weights)]
    parameters = [parameter for network in members for parameter in network.parameters()]

    def logits(images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=layout)
        return torch.stack([network(images) for network in members])

    return list(parameters), logits


def vmap(ensemble: ConvNetEnsemble, weights: Weights) -> Built:
    """One module that ``torch.func`` maps over stacked parameters."""
    members = modules(ensemble, weights)
    parameters, _ = torch.func.stack_module_state(members)  # type: ignore[arg-type]
    network = members[0].to("meta")

    def one(own: Weights, images: Tensor) -> Tensor:
        logits: Tensor = torch.func.functional_call(network, own, (images,))
        return logits

    mapped = torch.func.vmap(one, (0, None))
    return list(parameters.values()), lambda images: mapped(parameters, images)


def products(ensemble: ConvNetEnsemble, weights: Weights) -> Built:
    """Convolutions as batched products of copied patches (im2col), channels last."""
    own = {name: weight.clone() for name, weight in weights.items()}

    def logits(images: Tensor) -> Tensor:
        features = images.permute(0, 2, 3, 1).unsqueeze(0)  # (member, example, height, width, channel)
        for layer, stride in enumerate(ensemble.strides, start=1):
            patches = features.unfold(2, 3, stride).unfold(3, 3, stride)
            rows = patches.reshape(len(features), -1, patches.shape[4:].numel()).expand(ensemble.members, -1, -1)
            weight, bias = own[f"convolution{layer}.weight"], own[f"convolution{layer}.bias"]
            features = torch.baddbmm(bias.unsqueeze(1), rows, weight.flatten(2).mT).relu_()
            features = features.view(ensemble.members, *patches.shape[1:4], -1)
        return torch.baddbmm(own["output.bias"].unsqueeze(1), features.mean((2, 3)), own["output.weight"].mT)

    return parameters_of(own), logits


def grouped_densenet(ensemble: DenseNetEnsemble, weights: Weights) -> Built:
    """Grouped convolutions. Features are (example, member, channel, height, width) while they are joined."""
    own, members = flat(weights, CHANNELS_FIRST), ensemble.members

    def unit(name: str, features: Tensor) -> Tensor:
        mean, variance, scale, shift = (own[f"{name}.{kind}"] for kind in ("mean", "variance", "scale", "shift"))
        features = functional.batch_norm(features, mean, variance, scale, shift, training=True).relu_()
        weight = own.get(f"{name}.weight") if name != "output" else None
        if weight is None:
            return features
        return functional.conv2d(features, weight, padding=weight.shape[-1] // 2, groups=members)

    def joined(features: Tensor, grown: Tensor) -> Tensor:
        both = [part.unflatten(1, (members, -1)) for part in (features, grown)]
        return torch.cat(both, 2).flatten(1, 2)

    def logits(images: Tensor) -> Tensor:
        images = images.repeat(1, members, 1, 1)
        features = functional.conv2d(images, own["first.weight"], padding=1, groups=members)
        for block in BLOCKS:
            for layer in range(1, (ensemble.depth - 4) // 6 + 1):
                squeezed = unit(f"block{block}.layer{layer}.squeeze", features)
                features = joined(features, unit(f"block{block}.layer{layer}.grow", squeezed))
            if block < BLOCKS[-1]:
                features = functional.avg_pool2d(unit(f"transition{block}", features), 2)
        return output(ensemble, own, unit("output", features))

    return parameters_of(own, ensemble.buffers), logits


CONVNET_WAYS: dict[str, Way] = {
    "grouped": partial(grouped, CHANNELS_FIRST),
    "grouped, channels last": partial(grouped, CHANNELS_LAST),
    "shared first, loop, channels last": shared_then_loop,
    "loop over modules": partial(loop, CHANNELS_FIRST),
    "loop over modules, channels last": partial(loop, CHANNELS_LAST),
    "vmap": vmap,
    "im2col, batched product": products,
}
DENSENET_WAYS: dict[str, Way] = {"grouped": grouped_densenet}
