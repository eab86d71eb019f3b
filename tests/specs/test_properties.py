"""Whatever is edited: ids follow the meaning of a sweep, and any text is a sweep or an error that a user can mend."""

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.loader import SpecError, catalogue, dump_sweep, load_sweep, parse_sweep
from specs.sweep import SweepSpec, expand
from tests.specs.texts import MOST_CALLS
from tests.work import counted

CATALOGUE = {entry.name: entry.path.read_bytes() for entry in catalogue()}
METACHARACTERS = [
    *"[]{}:,-?&*!|>'\"%@#~\t\n\r\\`",
    ": ",
    "\n- ",
    "\n  ",
    "---\n",
    "...\n",
    "<<: ",
    "!!",
    "\ufeff",
    "\0",
]
NUMBERS = ["1e999", "-1", "012", "0x7fffffffffffffff", ".nan", ".inf", "9" * 400, "1e-400", "no", "null", "\\ud800"]

BASE: dict[str, Any] = {
    "name": "drawn",
    "title": "A question",
    "architectures": {
        "1x8H": {"kind": "mlp", "members": 1, "hidden": 8},
        "4x2H": {"kind": "mlp", "members": 4, "hidden": 2, "learning_rate": 0.3},
        "2C": {"kind": "convnet", "members": 2, "filters": [4, 8], "strides": [1, 2]},
    },
    "methods": ["joint", "bagging"],
    "lambda": [0, 0.25, 1],
    "seeds": [0, 1],
    "dataset": {"name": "digits", "validation": 237},
    "training": {
        "epochs": 3,
        "batch_size": 50,
        "learning_rate": {"default": 0.1, "from_lambda": {1: 0.2}},
        "momentum": 0.9,
        "milestones": [1, 2],
    },
    "evaluation": {"train_examples": 100, "robustness": {"repeats": 2}, "hessian": {"examples": 9, "iterations": 5}},
}

Cell = tuple[str, str, float, int]
Touched = Callable[[Cell], bool]
"""Whether an edit changes what a cell is."""


def everything(cell: Cell) -> bool:
    return True


def nothing(cell: Cell) -> bool:
    return False


def of(name: str) -> Touched:
    return lambda cell: cell[0] == name


def at_the_shared_rate(cell: Cell) -> bool:
    return cell[0] != "4x2H" and cell[2] < 1


def at_the_late_rate(cell: Cell) -> bool:
    return cell[0] != "4x2H" and cell[2] == 1


counts = st.integers(1, 10**6)
rates = st.floats(1e-6, 1e6)


def claims(sentence: str) -> list[dict[str, Any]]:
    """One claim in so many words."""
    predicate = {"kind": "value", "cell": {"architecture": "1x8H"}, "value": 9.5, "margin": 1}
    return [{"id": "A1", "sentence": sentence, "source": "ours", "predicate": predicate}]


EDITS: dict[str, tuple[st.SearchStrategy[Any], Touched]] = {
    "name": (st.from_regex(r"\A[a-z0-9][a-z0-9._-]{0,63}\Z"), nothing),
    "title": (st.text("abc #:λ-'\"", min_size=1, max_size=20), nothing),
    "notes": (st.text("abc #:λ\n-'\"", max_size=40), nothing),
    "serves": (st.lists(st.text("abc #:", max_size=9), max_size=3), nothing),
    "full_scale": (st.fixed_dictionaries({"epochs": counts, "seeds": counts}), nothing),
    "allow_extrapolation": (st.just(True), nothing),
    "claims": (st.text("abc #:λ-'\"", min_size=1, max_size=20).map(claims), nothing),
    "stacking_validation": (st.integers(1, 1000), nothing),
    "architectures/1x8H/hidden": (counts, of("1x8H")),
    "architectures/4x2H/members": (st.integers(2, 99), of("4x2H")),
    "architectures/4x2H/learning_rate": (rates, of("4x2H")),
    "architectures/2C/filters": (st.tuples(counts, counts), of("2C")),
    "dataset/validation": (st.integers(1, 1000), everything),
    "dataset/train_examples": (st.integers(1, 1200), everything),
    "training/epochs": (counts, everything),
    "training/batch_size": (counts, everything),
    "training/momentum": (st.floats(0, 0.99), everything),
    "training/weight_decay": (st.floats(0, 1), everything),
    "training/milestones": (st.sets(counts, max_size=4).map(sorted), everything),
    "training/milestone_factor": (st.floats(0.001, 1), everything),
    "training/augmentation": (st.sampled_from(["none", "flip-crop"]), everything),
    "training/precision": (st.sampled_from(["float32", "tf32", "bf16"]), everything),
    "training/selection": (st.sampled_from(["validation", "final"]), everything),
    "training/learning_rate/default": (rates, at_the_shared_rate),
    "training/learning_rate/from_lambda": (rates.map(lambda rate: {1: rate}), at_the_late_rate),
    "evaluation/train_examples": (st.integers(0, 10**6), everything),
    "evaluation/robustness": (st.fixed_dictionaries({"repeats": st.integers(0, 99)}), everything),
    "evaluation/filters": (st.booleans(), everything),
    "evaluation/hessian": (st.fixed_dictionaries({"examples": counts, "iterations": st.integers(2, 99)}), everything),
}
AXES = {"architectures", "methods", "lambda", "seeds", "dataset/name"}
"""Fields that other tests vary: those of the axes, and the data set."""


def load(content: dict[str, Any]) -> SweepSpec:
    return parse_sweep(dump_sweep(SweepSpec.model_validate(content)), "drawn.yaml")


def cells(sweep: SweepSpec) -> dict[Cell, str]:
    """The id of every cell."""
    return {(t.architecture, t.spec.method, t.spec.lam, t.spec.seed): t.id for t in expand(sweep)}


def edited(path: str, value: Any) -> dict[str, Any]:
    content = copy.deepcopy(BASE)
    *parents, last = path.split("/")
    part = content
    for key in parents:
        part = part[key]
    part[last] = value
    return content


def test_every_field_of_a_sweep_is_edited_here() -> None:
    dumped = load(BASE).model_dump(by_alias=True)
    shallow = {name for name, value in dumped.items() if not isinstance(value, dict)}
    deep = {f"{name}/{key}" for name in ("dataset", "training", "evaluation") for key in dumped[name]}
    covered = {"/".join(path.split("/")[:2]) for path in EDITS}
    assert (shallow | deep) - AXES <= covered
    assert covered <= shallow | deep | {f"architectures/{name}" for name in BASE["architectures"]}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(EDITS)).flatmap(lambda path: st.tuples(st.just(path), EDITS[path][0])))
def test_an_edit_of_one_field_changes_the_cells_that_it_is_about_and_no_other(edit: tuple[str, Any]) -> None:
    path, value = edit
    before_sweep, after_sweep = load(BASE), load(edited(path, value))
    before, after = cells(before_sweep), cells(after_sweep)
    assert before.keys() == after.keys()
    same_meaning = before_sweep.model_copy(update={"name": "", "title": ""}) == after_sweep.model_copy(
        update={"name": "", "title": ""}
    )
    changed = {cell for cell in before if before[cell] != after[cell]}
    assert changed == (set() if same_meaning else {cell for cell in before if EDITS[path][1](cell)})


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sets(st.floats(0, 1).map(abs), max_size=3),
    st.sets(st.integers(0, 2**31 - 1), max_size=2),
    st.sets(st.integers(9, 99), max_size=2),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_growing_axes_adds_ids_and_changes_none(
    lambdas: set[float], seeds: set[int], hidden: set[int], stacking: bool, order: random.Random
) -> None:
    grown = copy.deepcopy(BASE)
    grown["lambda"] = list(dict.fromkeys([*BASE["lambda"], *lambdas]))
    grown["seeds"] = list(dict.fromkeys([*BASE["seeds"], *seeds]))
    new = {f"{h}H": {"kind": "mlp", "members": 2, "hidden": h} for h in hidden}
    names = [*BASE["architectures"], *new]
    order.shuffle(grown["lambda"])
    order.shuffle(grown["seeds"])
    order.shuffle(names)
    grown["architectures"] = {name: (BASE["architectures"] | new)[name] for name in names}
    grown["methods"] = [*BASE["methods"], *["stacking"] * stacking]
    before, after = cells(load(BASE)), cells(load(grown))
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)
    ensembles = 2 + len(new)
    columns = len(grown["lambda"]) + 1 + stacking
    assert len(after) == len(grown["seeds"]) * (1 + ensembles * columns)


def spelled(number: Any, draw: st.DrawFn) -> str:
    """One of the ways to write a number in YAML."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return json.dumps(number, ensure_ascii=False)
    ways = [repr(number), f"{number!r}e0", f"{float(number)!r}", f"+{number!r}", f"{float(number):.17e}"]
    if isinstance(number, int):
        ways += [f"0{number}", hex(number), f"0o{number:o}", f"{number}."]
    return draw(st.sampled_from(ways))


@st.composite
def respellings(draw: st.DrawFn) -> str:
    """The base sweep with mappings in any order and style, comments, blank lines, and numbers in any spelling."""

    def flow(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{spelled(k, draw)}: {flow(v)}" for k, v in shuffled(value)) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(flow, value)) + "]"
        return spelled(value, draw)

    def shuffled(mapping: dict[Any, Any]) -> list[tuple[Any, Any]]:
        return draw(st.permutations(list(mapping.items())))

    def block(mapping: dict[Any, Any], indent: str) -> str:
        text = ""
        for key, value in shuffled(mapping):
            text += draw(st.sampled_from(["", "\n", f"{indent}# {key}: other\n", "  # λ\n"]))
            if isinstance(value, dict) and draw(st.booleans()):
                text += f"{indent}{spelled(key, draw)}: # below\n{block(value, indent + '  ')}"
            else:
                text += f"{indent}{spelled(key, draw)}: {flow(value)}{draw(st.sampled_from(['', '  # here']))}\n"
        return text

    return draw(st.sampled_from(["", "---\n", "%YAML 1.2\n---\n", "# top\n"])) + block(BASE, "")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(respellings())
def test_order_comments_style_and_spelling_of_numbers_keep_every_id(text: str) -> None:
    again = parse_sweep(text, "respelled.yaml")
    assert cells(again) == cells(load(BASE))
    assert again == load(BASE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_shipped_sweep_dumps_and_loads_back_with_equal_ids(name: str) -> None:
    sweep = load_sweep(name)
    again = parse_sweep(dump_sweep(sweep), "dump.yaml")
    assert again == sweep
    assert [trial.id for trial in expand(again)] == [trial.id for trial in expand(sweep)]


def mutated(content: bytes, order: random.Random) -> bytes:
    """The text with one to four pieces of damage."""
    for _ in range(order.randint(1, 4)):
        at = order.randrange(len(content) + 1)
        to = min(len(content), at + order.choice([1, 1, 3, 30, 300]))
        other = CATALOGUE[order.choice(list(CATALOGUE))]
        start = order.randrange(len(other))
        new = [
            bytes([order.randrange(256)]),
            b"",
            order.choice(METACHARACTERS).encode() * order.choice([1, 1, 2, 60, 6000]),
            order.choice(NUMBERS).encode(),
            other[start : start + order.choice([5, 50, 500])],
            content[at:to] * order.choice([2, 50]),
        ]
        content = content[:at] + order.choice(new) + content[order.choice([at, to]) :]
    return content


def replaced_value(content: bytes, order: random.Random) -> bytes:
    """The text with one scalar's place taken by a hostile number or word, which leaves the rest well formed."""
    places = list(re.finditer(rb"(?<=[:\[,] )[^\s\[\]{},]+|(?<=\[)[^\s\[\]{},]+", content))
    place = order.choice(places)
    return content[: place.start()] + order.choice(NUMBERS).encode() + content[place.end() :]


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_shipped_file_gives_a_sweep_or_a_spec_error_and_soon(seed: int, tmp_path: Any) -> None:
    order = random.Random(seed)
    path = tmp_path / "damaged.yaml"
    read = rejected = 0
    for turn in range(100):
        damage = replaced_value if turn % 4 == 0 else mutated
        path.write_bytes(damage(CATALOGUE[order.choice(list(CATALOGUE))], order))
        with counted() as work:
            try:
                sweep = load_sweep(str(path))
            except SpecError as error:
                rejected += 1
                assert str(error)
            else:
                read += 1
                assert isinstance(sweep, SweepSpec)
                assert parse_sweep(dump_sweep(sweep), "dump.yaml") == sweep
        assert work.calls < 2 * MOST_CALLS  # it is read twice where it is a sweep
    assert min(read, rejected) > 5  # neither all harmless nor all beyond reading
