import hashlib
import io
import logging
import pickle
import shutil
from pathlib import Path

import pytest
import torch

from tests.trainers.folder import Folder
from trainers.checkpoint import Checkpoint


def save(directory, *values: float, stack: str = "stack") -> None:
    checkpoint = Checkpoint(Folder(directory), stack)
    for value in values:
        checkpoint.save({"weights": torch.full((3, 4), value), "count": torch.tensor(7)}, f'{{"epoch": {value}}}')


def loaded(directory, stack: str = "stack") -> float | None:
    state = Checkpoint(Folder(directory), stack).load()
    if state is None:
        return None
    value = state.tensors["weights"][0, 0].item()
    assert torch.equal(state.tensors["weights"], torch.full((3, 4), value))
    assert state.tensors["count"].item() == 7
    assert state.book == f'{{"epoch": {value}}}'
    return value


def test_nothing_saved_is_nothing_loaded(tmp_path):
    assert loaded(tmp_path) is None


def test_the_newest_state_is_loaded(tmp_path):
    for count in range(1, 6):
        save(tmp_path, float(count))  # each by a process of its own
        assert loaded(tmp_path) == count
    save(tmp_path, 6.0, 7.0, 8.0)
    assert loaded(tmp_path) == 8


def newest_slot(tmp_path):
    states = {slot: (tmp_path / slot / "state.safetensors").read_bytes() for slot in "ab"}
    return next(tmp_path / slot for slot, content in states.items() if b'"epoch\\": 2.0' in content)


@pytest.mark.parametrize("name", ["state.safetensors", "sha256"])
def test_a_cut_anywhere_falls_back_to_the_older_state(tmp_path, name, caplog):
    save(tmp_path, 1.0, 2.0)
    file = newest_slot(tmp_path) / name
    whole = file.read_bytes()
    for end in range(0, len(whole), max(1, len(whole) // 25)):
        file.write_bytes(whole[:end])
        assert loaded(tmp_path) == 1
    file.write_bytes(whole)
    assert loaded(tmp_path) == 2
    assert "does not match its SHA-256" in caplog.text


def test_a_flipped_bit_falls_back_to_the_older_state(tmp_path, caplog):
    save(tmp_path, 1.0, 2.0)
    file = newest_slot(tmp_path) / "state.safetensors"
    whole = file.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 25)):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << position % 8
        file.write_bytes(flipped)
        with caplog.at_level(logging.WARNING):
            caplog.clear()
            assert loaded(tmp_path) == 1
        assert len(caplog.records) == 1


def test_a_write_cut_between_state_and_marker_leaves_the_newest_valid_state(tmp_path):
    save(tmp_path, 1.0, 2.0)
    other = tmp_path / ("a" if newest_slot(tmp_path).name == "b" else "b")
    (other / "state.safetensors").write_bytes(b"half a state of epoch 3")
    assert loaded(tmp_path) == 2
    save(tmp_path, 4.0)  # goes to the broken slot and spares the valid one
    assert loaded(tmp_path) == 4
    shutil.rmtree(other)
    assert loaded(tmp_path) == 2


def test_both_slots_broken_is_nothing_loaded(tmp_path):
    save(tmp_path, 1.0, 2.0)
    for slot in "ab":
        (tmp_path / slot / "state.safetensors").write_bytes(b"")
    assert loaded(tmp_path) is None


def test_a_valid_marker_on_no_safetensors_file_is_nothing_loaded(tmp_path, caplog):
    (tmp_path / "a").mkdir()
    for content in (b"", b"text", b"\xff" * 40, (2).to_bytes(8, "little") + b"{}"):
        (tmp_path / "a" / "state.safetensors").write_bytes(content)
        (tmp_path / "a" / "sha256").write_text(hashlib.sha256(content).hexdigest())
        assert loaded(tmp_path) is None
    assert "cannot be read" in caplog.text


def test_another_stacks_state_is_left_out(tmp_path, caplog):
    save(tmp_path, 1.0)
    assert loaded(tmp_path, stack="another") is None
    assert "of other trials" in caplog.text
    assert loaded(tmp_path) == 1


def test_environments_are_remembered_in_their_order(tmp_path):
    for environment in ("old", "new", "old"):
        checkpoint = Checkpoint(Folder(tmp_path), "stack", environment)
        checkpoint.load()
        checkpoint.save({"weights": torch.zeros(1)}, "{}")
    assert checkpoint.environments == ("old", "new")


def test_a_state_that_does_not_fit_falls_back_to_the_older_one(tmp_path, caplog):
    save(tmp_path, 1.0, 2.0)
    state = Checkpoint(Folder(tmp_path), "stack").load(lambda saved: saved.number == 0)
    assert state.number == 0
    assert "something else than this stack's state" in caplog.text


@pytest.mark.parametrize(
    "metadata",
    [
        '{"number": "0", "stack": "stack", "book": "{}", "environments": "' + "[" * 100_000 + '"}',
        "[" * 100_000,
        "3",
        '"x"',
    ],
    ids=["deep environments", "deep header", "number", "text"],
)
def test_a_hostile_header_under_a_right_marker_is_left_out(tmp_path, metadata):
    header = f'{{"__metadata__": {metadata}}}'.encode()
    content = len(header).to_bytes(8, "little") + header
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "state.safetensors").write_bytes(content)
    (tmp_path / "a" / "sha256").write_text(hashlib.sha256(content).hexdigest())
    assert loaded(tmp_path) is None


def test_a_pickle_in_place_of_a_state_is_never_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "executed",))

    (tmp_path / "a").mkdir()
    for content in (pickle.dumps(Evil()), _zipped(Evil())):
        (tmp_path / "a" / "state.safetensors").write_bytes(content)
        (tmp_path / "a" / "sha256").write_text(hashlib.sha256(content).hexdigest())
        assert loaded(tmp_path) is None
    assert not (tmp_path / "executed").exists()


def _zipped(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()
