"""Trainings killed again and again, and what they come to: the same weights, bit for bit (RELIABILITY 2, 3, 6)."""

import logging
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from orchestrator.stores.store import Store
from specs import faults
from specs.architectures import ConvNet, DenseNet, Mlp
from specs.format.records import TABLES
from specs.trial import Dataset, Evaluation, Robustness, Training, TrialSpec
from tests.orchestrator.crashing import fast_folder, killed_at
from trainers.checkpoint import SLOTS
from trainers.data import Arrays
from trainers.training import TrialResult, train

NETWORKS = {
    "mlp": Mlp(kind="mlp", members=2, hidden=4),
    "convnet": ConvNet(kind="convnet", members=2, filters=(2, 4), strides=(1, 2)),
    "densenet": DenseNet(kind="densenet", members=2, depth=10, growth=2),
}
INCIDENTAL = {column.name for table in TABLES.values() for column in table.columns if column.incidental}
STACK = "stack"


@pytest.fixture(scope="module")
def images() -> Arrays:
    """Ten blurred classes of 3×32×32 images: 90 to train on, 20 to test."""
    stream = torch.Generator().manual_seed(0)
    centres = torch.randint(0, 256, (10, 3, 8, 8), generator=stream).repeat_interleave(4, 2).repeat_interleave(4, 3)

    def drawn(examples: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.randint(0, 10, (examples,), generator=stream)
        noise = torch.randint(-30, 31, (examples, 3, 32, 32), generator=stream)
        return (centres[labels] + noise).clamp(0, 255).to(torch.uint8), labels

    return Arrays(*drawn(90), *drawn(20))


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as made:
        yield made


def specs(kind: str, **training: Any) -> list[TrialSpec]:
    """A stack of two trials with all that draws numbers or has a state of its own."""
    chosen: dict[str, Any] = {
        "epochs": 4,
        "batch_size": 20,
        "learning_rate": 0.1,
        "weight_decay": 1e-4,
        "milestones": (2,),
        "augmentation": "flip-crop",
        "selection": "validation",
    }
    return [
        TrialSpec(
            architecture=NETWORKS[kind],
            method="joint",
            lam=lam,
            seed=seed,
            dataset=Dataset(name="cifar10", validation=30),
            training=Training(**chosen | training),
            evaluation=Evaluation(train_examples=20, robustness=Robustness(repeats=2), filters=True),
        )
        for lam, seed in ((0.5, 0), (1.0, 1))
    ]


def trained(
    stack: list[TrialSpec],
    images: Arrays,
    store: Store | None = None,
    on_epoch: Callable[[int], None] = lambda epoch: None,
) -> tuple[TrialResult, ...]:
    checkpoint = store.checkpoint(STACK) if store else None
    return train(
        stack,
        images,
        device=torch.device("cpu"),
        checkpoint=checkpoint,
        checkpoint_seconds=0,
        on_epoch=on_epoch,
    )


def numbers(results: tuple[TrialResult, ...]) -> list[Any]:
    """All rows, without what may differ between equal trainings."""
    return [
        [
            {name: value for name, value in row.items() if name not in INCIDENTAL}
            for row in (result.trial, *result.epochs, *result.robustness, *result.filters)
        ]
        for result in results
    ]


def points_of(work: Callable[[], object]) -> list[str]:
    passed: list[str] = []
    with faults.handled(passed.append):
        work()
    return passed


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_training_killed_by_any_schedule_comes_to_the_same_weights(kind: str, images: Arrays, folder: Path) -> None:
    stack = specs(kind)
    whole = trained(stack, images)
    assert all(len(result.trial["weights_sha256"]) == 64 for result in whole)  # type: ignore[arg-type]
    points = points_of(lambda: trained(stack, images, Store.at(folder / "counted")))
    epoch = len(points) // 4
    kills = 0
    for seed in range(2):
        schedule = random.Random(f"{kind} {seed}")
        store = Store.at(folder / f"killed-{seed}")
        while kills < 4 * (seed + 1):
            # At times within the first epoch of this life, at times just after, seldom much later.
            number = int(schedule.expovariate(1 / epoch)) + 1
            if not killed_at(number, lambda store=store: trained(stack, images, store)):  # type: ignore[misc]
                break
            kills += 1
        assert numbers(trained(stack, images, store)) == numbers(whole), f"schedule {seed}"
    assert kills > 4


def interrupted(stack: list[TrialSpec], images: Arrays, store: Store) -> dict[str, bytes]:
    """Both slots of a training that was killed in its fourth epoch: with the states after the second and third."""
    points = points_of(lambda: trained(stack, images, Store.at(f"{store.url}-counted")))
    third = [number for number, point in enumerate(points, 1) if point == "checkpoint.saved"][2]
    assert killed_at(third + 1, lambda: trained(stack, images, store))
    keys = [f"{slot}{name}" for slot in SLOTS for name in ("state.safetensors", "sha256")]
    return {key: store.checkpoint(STACK).read(key) for key in keys}


def damaged(content: bytes, number: int) -> bytes:
    """One of many ways: cut at one of 30 points, or one of 30 bits flipped."""
    if number < 30:
        return content[: len(content) * number // 30]
    position = len(content) * (number - 30) // 30
    return content[:position] + bytes([content[position] ^ 1 << number % 8]) + content[position + 1 :]


def first_epoch_and_warnings(
    stack: list[TrialSpec], images: Arrays, store: Store, caplog: pytest.LogCaptureFixture
) -> tuple[int, list[str]]:
    """Which epoch a resumed training begins with, which is then ended, and what it says."""

    class EnoughError(Exception):
        pass

    def end(epoch: int) -> None:
        epochs.append(epoch)
        raise EnoughError

    epochs: list[int] = []
    caplog.clear()
    with caplog.at_level(logging.WARNING), pytest.raises(EnoughError):
        trained(stack, images, store, end)
    return epochs[0], [record.message for record in caplog.records]


def put(store: Store, contents: dict[str, bytes]) -> None:
    for key, content in contents.items():
        store.checkpoint(STACK).replace(key, content)


def newest(contents: dict[str, bytes]) -> tuple[str, str]:
    """The slot with the newest state, and the other."""
    held = {slot: b'"number":"2"' in contents[f"{slot}state.safetensors"] for slot in SLOTS}
    assert sum(held.values()) == 1
    first, second = sorted(SLOTS, key=lambda slot: not held[slot])
    return first, second


def test_a_damaged_newest_state_falls_back_to_the_older_one_and_says_so_once(
    images: Arrays, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stack, store = specs("mlp"), Store.at(folder / "store")
    contents = interrupted(stack, images, store)
    slot, _ = newest(contents)
    assert first_epoch_and_warnings(stack, images, store, caplog) == (4, [])
    for name in ("state.safetensors", "sha256"):
        for number in range(60):
            put(store, contents)
            put(store, {f"{slot}{name}": damaged(contents[f"{slot}{name}"], number)})
            begun, said = first_epoch_and_warnings(stack, images, store, caplog)
            assert (begun, said) == (
                3,
                [f"checkpoint slot {slot} does not match its SHA-256; it is left out"],
            ), (name, number)


def test_two_damaged_states_are_begun_anew_and_all_ends_are_equal(
    images: Arrays, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stack, store = specs("mlp"), Store.at(folder / "store")
    whole = numbers(trained(stack, images))
    contents = interrupted(stack, images, store)
    slot, other = newest(contents)
    for number in range(0, 60, 5):
        both = {f"{one}state.safetensors": damaged(contents[f"{one}state.safetensors"], number) for one in SLOTS}
        put(store, contents | both)
        begun, said = first_epoch_and_warnings(stack, images, store, caplog)
        assert begun == 1
        assert sorted(line.split()[2] for line in said) == list(SLOTS)
        for broken in ({slot}, {other}, {slot, other}):
            put(store, contents | {key: content for key, content in both.items() if key[:2] in broken})
            assert numbers(trained(stack, images, store)) == whole, (number, broken)


def test_a_diverged_trial_names_its_first_bad_epoch_and_its_neighbours_are_the_same_bit_for_bit(
    images: Arrays,
) -> None:
    calm, other = specs("mlp")
    wild = calm.model_copy(update={"training": calm.training.model_copy(update={"learning_rate": 1e6}), "seed": 2})
    tame = wild.model_copy(update={"training": calm.training})
    results = trained([calm, wild, other], images)
    assert [result.status for result in results] == ["complete", "diverged", "complete"]
    bad = len({row["epoch"] for row in results[1].epochs}) + 1
    assert results[1].message.startswith(f"diverged in epoch {bad}: ")
    assert results[1].trial["weights_sha256"] is None
    neighbours = trained([calm, tame, other], images)
    assert numbers(results)[::2] == numbers(neighbours)[::2]
    assert numbers(trained([calm, other], images)) == numbers(results)[::2]


def test_a_stack_with_a_diverged_trial_resumes_exactly(images: Arrays, folder: Path) -> None:
    calm, other = specs("mlp")
    wild = calm.model_copy(update={"training": calm.training.model_copy(update={"learning_rate": 1e6}), "seed": 2})
    stack, store = [calm, wild, other], Store.at(folder / "store")
    whole = trained(stack, images)
    points = points_of(lambda: trained(stack, images, Store.at(folder / "counted")))
    for number in random.Random(0).sample(range(1, len(points) + 1), 6):
        assert killed_at(number, lambda: trained(stack, images, store))
        results = trained(stack, images, store)
        assert numbers(results) == numbers(whole)
        assert [result.message for result in results] == [result.message for result in whole]
        store.remove_checkpoint(STACK)
