"""The arithmetic of training steps: exact unless the spec says otherwise, and never that of what is measured."""

import pytest
import torch

from specs.architectures import ConvNet, DenseNet, Mlp
from tests.trainers.test_training import numbers, trained
from trainers import measurement
from trainers.data import Arrays
from trainers.devices import at_precision, check_precision, choose_device, deterministic
from trainers.stack_training import StackTraining
from trainers.stacks import Stack
from trainers.training import train

CPU = torch.device("cpu")
NETWORKS = {
    "mlp": Mlp(kind="mlp", members=3, hidden=16),
    "convnet": ConvNet(kind="convnet", members=2, filters=(4, 3), strides=(1, 2)),
    "densenet": DenseNet(kind="densenet", members=2, depth=10, growth=4),
}


@pytest.fixture
def trial(make_spec):
    def make(kind, precision, **changes):
        return make_spec(precision=precision, **changes).model_copy(update={"architecture": NETWORKS[kind]})

    return make


def places():
    return torch.backends.cuda.matmul.fp32_precision, torch.backends.cudnn.conv.fp32_precision


@pytest.mark.parametrize("kind", NETWORKS)
def test_training_in_bfloat16_learns_repeats_itself_and_gives_other_numbers(arrays, trial, kind):
    spec = trial(kind, "bf16", epochs=4, learning_rate=0.1)
    (first,), (again,) = trained([spec], arrays), trained([spec], arrays)
    assert numbers(first) == numbers(again)
    (exact,) = trained([trial(kind, "float32", epochs=4, learning_rate=0.1)], arrays)
    assert first.trial["weights_sha256"] != exact.trial["weights_sha256"]
    losses = [row["nll"] for row in first.epochs if row["split"] == "train"]
    assert losses[-1] < losses[0]
    assert first.trial["test_nll"] == pytest.approx(exact.trial["test_nll"], rel=0.2)


@pytest.mark.parametrize("kind", NETWORKS)
def test_weights_stay_float32_and_measurements_see_no_rounding(arrays, trial, kind, monkeypatch):
    seen = []
    chunks = measurement.chunks

    def looking(*arguments):
        for logits, labels in chunks(*arguments):
            rounded = torch.equal(logits, logits.to(torch.bfloat16).to(logits.dtype))
            seen.append((logits.dtype, rounded))
            yield logits, labels

    monkeypatch.setattr(measurement, "chunks", looking)
    with deterministic(CPU):
        training = StackTraining(Stack.of([trial(kind, "bf16")]), arrays, CPU, torch.float32)
        training.run_epoch()
        tensors, _ = training.state()
    assert {
        tensor.dtype for name, tensor in tensors.items() if name.startswith(("weights", "selected", "momentum"))
    } == {torch.float32}
    assert set(seen) == {(torch.float32, False)}


@pytest.mark.parametrize("kind", NETWORKS)
def test_gradients_in_bfloat16_are_close_to_the_exact_ones(arrays: Arrays, trial, kind):
    """One step from the same weights: the steps differ by what bfloat16 rounds, a tenth in deep networks."""

    def step(precision):
        spec = trial(kind, precision, momentum=0.0, batch_size=190, epochs=1, validation=40)
        with deterministic(CPU):
            training = StackTraining(Stack.of([spec]), arrays, CPU, torch.float32)
            before = {name: weight.detach().clone() for name, weight in training._weights.items()}
            training.run_epoch()
            names = [name for name, weight in training._weights.items() if weight.requires_grad]
            return torch.cat([(training._weights[name].detach() - before[name]).flatten() for name in names])

    exact, rounded = step("float32"), step("bf16")
    assert 0 < (exact - rounded).norm() < 0.2 * exact.norm()


def test_products_are_exact_inside_a_training_and_as_the_caller_had_them_outside(arrays, trial):
    before, inside = places(), []
    train([trial("mlp", "float32")], arrays, device=CPU, on_epoch=lambda epoch: inside.append(places()))
    assert set(inside) == {("ieee", "ieee")}, "torch's own default lets cuDNN round to TF32"
    with pytest.raises(ZeroDivisionError), at_precision("tf32"):
        assert places() == ("tf32", "tf32")
        1 / 0  # noqa: B018
    assert places() == before


def test_tf32_is_refused_where_there_is_no_cuda(arrays, trial):
    with pytest.raises(ValueError, match=r"training\.precision: tf32 needs a CUDA device, and this trains on cpu; set"):
        trained([trial("mlp", "tf32")], arrays)
    check_precision("tf32", torch.device("cuda"))
    with pytest.raises(ValueError, match="unknown 'float16'; use one of float32, tf32, bf16"):
        check_precision("float16", CPU)


def test_trials_of_one_stack_share_the_precision(trial):
    with pytest.raises(ValueError, match=r"differ in training\.precision"):
        Stack.of([trial("mlp", "float32"), trial("mlp", "bf16")])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_a_gpu_trains_in_every_precision(arrays, trial, precision):
    device = choose_device("cuda")
    first, again, exact = (
        train([trial("convnet", name)], arrays, device=device)[0] for name in (precision, precision, "float32")
    )
    assert numbers(first) == numbers(again)
    assert first.trial["test_nll"] == pytest.approx(exact.trial["test_nll"], rel=0.2)
