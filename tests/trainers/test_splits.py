import pytest
import torch

from specs.datasets import DATASETS
from trainers.pool import Normalise
from trainers.splits import prepare

CPU = torch.device("cpu")


def prepared(arrays, spec, seeds=(0,), dtype=torch.float32):
    return prepare(arrays, spec, seeds, CPU, dtype)


def test_every_data_set_has_a_standard():
    assert {
        name: (len(standard.mean), len(standard.sd))
        for name, standard in ((name, facts.standard) for name, facts in DATASETS.items())
    } == {name: (facts.shape[0], facts.shape[0]) for name, facts in DATASETS.items()}


def test_normalisation_by_hand():
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 1, 1)
    values = Normalise(DATASETS["cifar10"].standard, CPU, torch.float64)(pixels)
    assert values[0, 0].item() == pytest.approx(-0.5071 / 0.2673)
    assert values[1, 2].item() == pytest.approx((1 - 0.4409) / 0.2762)


def test_digits_constants_are_those_of_the_training_images():
    datasets = pytest.importorskip("sklearn.datasets")
    train = datasets.load_digits().images[: DATASETS["digits"].train] / 16
    standard = DATASETS["digits"].standard
    assert (round(train.mean(), 4), round(train.std(), 4)) == (*standard.mean, *standard.sd)


def test_a_split_holds_every_training_image_once(arrays, make_spec):
    data = prepared(arrays, make_spec(validation=40))
    held_out = data.measured["validation"].rows[0].tolist()
    assert len(held_out) == 40
    assert sorted(held_out + data.train.rows[0].tolist()) == list(range(230))


def test_a_split_depends_on_the_seed_alone(arrays, make_spec):
    first = prepared(arrays, make_spec(lam=0.0), (0, 1)).train.rows
    assert torch.equal(first, prepared(arrays, make_spec(lam=1.0, members=9, learning_rate=2.0), (0, 1)).train.rows)
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize(("asked", "measured"), [(30, 30), (1000, 190), (0, None)])
def test_the_measured_train_images_are_the_first_drawn(arrays, make_spec, asked, measured):
    data = prepared(arrays, make_spec(train_examples=asked))
    part = data.measured.get("train")
    assert part is None if measured is None else torch.equal(part.rows, data.train.rows[:, :measured])


def test_no_validation_images_make_no_validation_part(arrays, make_spec):
    data = prepared(arrays, make_spec(validation=0, selection="final"))
    assert list(data.measured) == ["train", "test"]
    assert data.train.rows.shape == (1, 230)


def test_too_few_images_are_refused(arrays, make_spec):
    with pytest.raises(ValueError, match="validation is 230, but there are only 230 training images"):
        prepared(arrays, make_spec(validation=230))


def test_an_epochs_order_is_replayed_without_the_epochs_before(arrays, make_spec):
    train = prepared(arrays, make_spec(), (0, 1)).train
    third = train.shuffled((0, 1), 3)
    assert torch.equal(third.rows, train.shuffled((0, 1), 3).rows)
    assert not torch.equal(third.rows, train.shuffled((0, 1), 2).rows)
    assert torch.equal(third.rows.sort(1).values, train.rows.sort(1).values)
    assert torch.equal(third.rows[1], type(train)(train.pool, train.rows[1:]).shuffled((1,), 3).rows[0])


def test_a_trial_finds_its_group(arrays, make_spec):
    train = prepared(arrays, make_spec(), (0, 1)).train
    for trial, group in enumerate((0, 0, 1, 1)):
        assert torch.equal(train.of_trial(trial, 4).rows, train.rows[group : group + 1])


def test_take_brings_images_with_their_labels(arrays, make_spec):
    images, labels = prepared(arrays, make_spec(), (0, 1), torch.float64).train.take(5, 9)
    assert images.shape == (2, 4, 1, 8, 8)
    assert images.dtype == torch.float64
    row = prepared(arrays, make_spec(), (0, 1)).train.rows[1, 6]
    assert labels[1, 1] == arrays.train_labels[row]
    expected = (arrays.train_images[row].double() / 16 - 0.3054) / 0.3755
    torch.testing.assert_close(images[1, 1], expected)


def test_trained_on_are_the_first_examples_of_those_not_held_out(arrays, make_spec):
    spec = make_spec(train_examples=25)
    whole = prepared(arrays, spec)
    fewer = prepared(
        arrays, spec.model_copy(update={"dataset": spec.dataset.model_copy(update={"train_examples": 50})})
    )
    assert whole.train.rows.shape == (1, 190)
    assert torch.equal(fewer.train.rows, whole.train.rows[:, :50])
    assert torch.equal(fewer.measured["validation"].rows, whole.measured["validation"].rows)
    assert torch.equal(fewer.measured["train"].rows, whole.train.rows[:, :25])
