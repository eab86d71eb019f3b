import torch

from trainers import measurement
from trainers.ensembles.mlp import MlpEnsemble
from trainers.pool import Part, Pool

CPU = torch.device("cpu")
ENSEMBLE = MlpEnsemble(members=3, inputs=4, hidden=5, classes=6)


def weights(*seeds):
    drawn = [ENSEMBLE.initial_weights(seed) for seed in seeds]
    return {name: torch.stack([one[name].double() for one in drawn]) for name in drawn[0]}


def test_the_size_of_a_chunk_changes_nothing(monkeypatch):
    stream = torch.Generator().manual_seed(0)
    images = torch.randn(23, 1, 2, 2, dtype=torch.float64, generator=stream)
    part = Part(
        Pool(images, torch.randint(0, 6, (23,), generator=stream), lambda kept: kept), torch.arange(23).unsqueeze(0)
    )
    whole = measurement.measure(ENSEMBLE, weights(0, 1), part)
    monkeypatch.setitem(measurement.NUMBERS_AT_ONCE, "cpu", 10 * ENSEMBLE.numbers_per_example(torch.device("cpu")))
    assert [measurement.chunk_size(ENSEMBLE, trials, CPU) for trials in (1, 2)] == [10, 10]  # 10 + 10 + 3 examples
    for name, values in vars(measurement.measure(ENSEMBLE, weights(0, 1), part)).items():
        torch.testing.assert_close(values, getattr(whole, name), atol=1e-13, rtol=1e-13)


def test_distance_is_euclidean_over_all_of_a_members_parameters():
    now, initial = weights(0, 1), weights(2, 3)
    for trial in range(2):
        for member in range(3):
            flat = [torch.cat([w[trial, member].flatten() for w in side.values()]) for side in (now, initial)]
            torch.testing.assert_close(measurement.distances(now, initial)[trial, member], torch.dist(*flat))


def test_finite_weights_have_a_finite_distance():
    zero = {name: torch.zeros_like(weight, dtype=torch.float32) for name, weight in weights(0).items()}
    huge = {name: weight + 1e30 for name, weight in zero.items()}
    assert torch.isfinite(measurement.distances(huge, zero)).all()
