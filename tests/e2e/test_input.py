"""Hostile specs, overrides, names and data through the real command: exit code 2, a place, and nothing done."""

import math
import os
import signal
import struct
import subprocess
from pathlib import Path

import pytest

from specs.loader import SpecError, parse_sweep
from tests import warm
from tests.e2e.conftest import ENSWEEP, SPEC, Workplace
from tests.processes import wait_for

NAMES = {
    "parent": "'../x'",
    "deep parent": "'a/../../x'",
    "absolute": "'/tmp/x'",
    "dot": "'.'",
    "two dots": "'..'",
    "NUL": '"x\\0"',
    "trailing line end": '"x\\n"',
    "trailing carriage return": '"x\\r"',
    "leading space": "' x'",
    "backslash": "'..\\x'",
    "home": "'~'",
    "option": "'-rf'",
    "hidden": "'.x'",
    "capital": "X",
    "Cyrillic а": "'\u0430bc'",
    "fullwidth letter": "'\uff41bc'",
    "fullwidth stop": "'x\uff0e\uff0e'",
    "one dot leader": "'\u2024\u2024'",
    "division slash": "'x\u2215y'",
    "right to left": "'x\u202ey'",
    "combining": "'x\u0301'",
    "other digit": "'\u0661'",
    "Windows drive": "'c:x'",
    "Windows stream": "'con:'",
    "Windows share": "'\\\\host\\x'",
    "too long": "x" * 65,
    "empty": "''",
}
LABELS = set(NAMES) - {"capital"}
"""What an architecture cannot be called either; capitals it may have."""
SAFE_NAMES = ["x", "0", "x" * 64, "a..b", "a.", "con", "nul", "com1.txt", "aux", "x-1_2.3"]


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_that_could_lead_elsewhere_is_no_name_of_a_sweep(kind: str) -> None:
    for text, overrides in (
        (SPEC.replace("name: tiny", f"name: {NAMES[kind]}"), ()),
        (SPEC, (f"name={NAMES[kind]}",)),
    ):
        with pytest.raises(SpecError, match=r"must be 1 to 64 lower-case letters, digits|not allowed in YAML"):
            parse_sweep(text, "hostile.yaml", overrides)


@pytest.mark.parametrize("kind", sorted(LABELS))
def test_nor_of_an_architecture(kind: str) -> None:
    with pytest.raises(SpecError, match="must be 1 to 64 letters, digits"):
        parse_sweep(SPEC.replace("1x16H:", f"{NAMES[kind]}:"), "hostile.yaml")


@pytest.mark.parametrize("name", SAFE_NAMES)
def test_a_name_that_is_allowed_is_one_folder_within_results(name: str, tmp_path: Path) -> None:
    sweep = parse_sweep(SPEC.replace("name: tiny", f"name: '{name}'"), "named.yaml")
    results = (tmp_path / "results").resolve()
    store = (results / sweep.name).resolve()
    assert store.parent == results
    assert store.name == name


FILES = {
    "python tag": (
        SPEC.replace("One system or an ensemble, in seconds?", "!!python/object/apply:os.system ['touch ran']"),
        "hostile.yaml:2:8: tags are not supported; remove !!python/object/apply:os.system",
    ),
    "alias bomb": (
        "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
        "hostile.yaml:1:5: anchors (&a0) are not supported",
    ),
    "deep": ("a: " + "[" * 100_000, "hostile.yaml:1:53: more than 50 levels of nesting"),
    "duplicate": (SPEC + "seeds: 3\n", "hostile.yaml:11:1: key 'seeds' stands twice, first at line 7, column 1"),
    "large": (SPEC + "#" * 1_000_000, "hostile.yaml: larger than 1 MB"),
    "word": (SPEC.replace("seeds: 2", "seeds: no"), "hostile.yaml:7:8: seeds: expected a whole number or a list, got"),
    "path": (SPEC.replace("name: tiny", "name: ../../x"), "hostile.yaml:1:7: name: must be 1 to 64 lower-case letters"),
    "trailing line end": (SPEC.replace("name: tiny", 'name: "tiny\\n"'), "hostile.yaml:1:7: name: must be 1 to 64"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_exits_2_with_its_place_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    text, message = FILES[name]
    (tmp_path / "hostile.yaml").write_text(text)
    command = "run" if name == "path" else "validate"
    done = _run(tmp_path, command, "hostile.yaml")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"error: {message}")
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.yaml"]


def test_hostile_overrides_exit_2_and_leave_nothing(workplace: Workplace) -> None:
    for override, message in (
        ("title=!!python/object/apply:os.system ['touch ran']", "tags are not supported"),
        ("notes=[&a [x], *a, *a]", "anchors (&a) are not supported"),
        ("a" + ".a" * 20_000 + "=1", "more than 50 levels of nesting"),
        ("name=../x", "must be 1 to 64 lower-case letters"),
    ):
        done = workplace.run("run", "tiny.yaml", "--set", override)
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("error: --set ")
        assert message in done.stderr
    assert [path.name for path in workplace.folder.iterdir()] == ["tiny.yaml"]


def test_numbers_are_read_as_yaml_1_2_means_them(tmp_path: Path) -> None:
    text = SPEC.replace("seeds: 2", "seeds: 012").replace("learning_rate: 0.1", "learning_rate: 1e-4")
    (tmp_path / "numbers.yaml").write_text(text.replace("One system or an ensemble, in seconds?", "no"))
    done = _run(tmp_path, "validate", "numbers.yaml")
    assert (done.returncode, done.stdout) == (0, "tiny: valid, 36 trials\n"), done.stderr


def test_a_spec_comes_by_standard_input_and_its_errors_say_so(tmp_path: Path) -> None:
    done = _run(tmp_path, "validate", "-", given=SPEC)
    assert (done.returncode, done.stdout) == (0, "tiny: valid, 6 trials\n"), done.stderr
    for given, message in (
        (SPEC.replace("seeds: 2", "seeds: no"), "<stdin>:7:8: seeds: expected a whole number or a list, got"),
        ("", "<stdin>:1:1: the text is empty"),
        (SPEC + "#" * 1_000_000, "<stdin>: larger than 1 MB"),
    ):
        wrong = _run(tmp_path, "run", "-", given=given)
        assert wrong.returncode == 2
        assert wrong.stderr.startswith(f"error: {message}"), wrong.stderr
    closed = subprocess.run(
        ["sh", "-c", f"{ENSWEEP} validate - <&-"], capture_output=True, text=True, timeout=120, check=False
    )
    assert closed.returncode == 2
    assert closed.stderr.startswith("error: <stdin>: cannot be read; give the spec by"), closed.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_that_came_by_standard_input_is_the_one_that_a_file_says(workplace: Workplace) -> None:
    with (
        workplace.spec.open() as given,
        subprocess.Popen(
            [str(ENSWEEP), "run", "-", "--runner", "inline", "--set", "training.epochs=100000", "--store", "kept"],
            cwd=workplace.folder, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as driver,
    ):  # fmt: skip
        wait_for(lambda: workplace.events("trained", workplace.folder / "kept"))
        driver.send_signal(signal.SIGTERM)
        _, err = driver.communicate(timeout=30)
    assert driver.returncode == 143
    assert "kept; give the same spec to ensweep run - --store kept to go on." in err
    first = _run(workplace.folder, "run", "-", "--runner", "inline", given=SPEC)
    assert first.returncode == 0, first.stderr
    assert "executed 6 trials" in first.stdout
    for spec, given in (("tiny.yaml", ""), ("-", SPEC)):
        again = _run(workplace.folder, "run", spec, "--runner", "inline", given=given)
        assert "executed 0 trials" in again.stdout, again.stderr
    assert len(list((workplace.store / "specs").glob("*.yaml"))) == 1
    assert workplace.run("plan", "tiny.yaml").stdout.startswith("tiny: 6 of 6 trials complete")


def _idx(path: Path, *shape: int) -> None:
    """A file of zeros that says it has that shape; it takes no room on the disk."""
    with path.open("wb") as file:
        file.write(struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape), *shape))
        file.truncate(file.tell() + math.prod(shape))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("cut", "train-labels-idx1-ubyte: 100 bytes, expected 60,008"),
        ("magic", "train-labels-idx1-ubyte: begins with 1008807213, expected 2049"),
        ("folder", "train-labels-idx1-ubyte: is a folder, expected a file"),
        ("swapped", "train-labels-idx1-ubyte: 10000 training labels of fashion_mnist, expected 60000"),
        ("other", "train-labels-idx1-ubyte: 60000 training images of fashion_mnist have label 0, expected 6000"),
    ],
)
def test_bad_data_exit_2_before_any_trial_naming_file_expected_and_found(
    damage: str, message: str, workplace: Workplace
) -> None:
    raw = workplace.folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for split, count in (("train", 60_000), ("t10k", 10_000)):
        _idx(raw / f"{split}-images-idx3-ubyte", count, 28, 28)
        _idx(raw / f"{split}-labels-idx1-ubyte", count)
    labels, test_labels = raw / "train-labels-idx1-ubyte", raw / "t10k-labels-idx1-ubyte"
    if damage == "cut":
        os.truncate(labels, 100)
    elif damage == "magic":
        labels.write_bytes(b"<!-- not found -->")
    elif damage == "folder":
        labels.unlink()
        labels.mkdir()
    elif damage == "swapped":
        content = labels.read_bytes()
        test_labels.replace(labels)
        test_labels.write_bytes(content)
    done = workplace.run(
        *("run", "tiny.yaml", "--runner", "inline", "--set", "dataset.name=fashion_mnist", "--data-root", ".")
    )
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert workplace.commits() == {}
    assert not any((workplace.store / "attempts").glob("*"))


def _run(folder: Path, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    if not given:
        return warm.ensweep(*arguments, folder=folder)
    return subprocess.run(
        [str(ENSWEEP), *arguments], cwd=folder, input=given, capture_output=True, text=True, timeout=120, check=False
    )
