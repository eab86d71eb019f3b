"""A dumped sweep loads back to the same sweep."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from specs.loader import dump_sweep, parse_sweep, sweep_digest
from specs.sweep import SweepSpec, expand
from tests.specs.texts import SWEEP

rates = st.floats(1e-300, 1e300)
learning_rates = rates | st.fixed_dictionaries(
    {"default": rates}, optional={"from_lambda": st.dictionaries(st.floats(0, 1).map(abs), rates, max_size=3)}
)
names = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}\Z") | st.sampled_from(
    ["null", "true", "1e5", "012", "no", "8"]
)
PLAIN_LOOKING = st.sampled_from(["1e-4", "~", "- a", "a: b", "#"])
lines = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40) | PLAIN_LOOKING
texts = st.lists(lines | st.just("\t"), max_size=3).map("\n".join)


@st.composite
def sweeps(draw: st.DrawFn) -> SweepSpec:
    hidden = draw(st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True))
    keys = draw(st.lists(names, min_size=len(hidden), max_size=len(hidden), unique=True))
    content: dict[str, Any] = {
        "name": "drawn",
        "title": draw(lines.filter(bool)),
        "notes": draw(texts),
        "serves": draw(st.lists(lines, max_size=3)),
        "architectures": {
            key: {"kind": "mlp", "members": 2, "hidden": h, "learning_rate": draw(st.none() | learning_rates)}
            for key, h in zip(keys, hidden, strict=True)
        },
        "lambda": draw(st.lists(st.floats(0, 1).map(abs), min_size=1, max_size=5, unique=True)),
        "seeds": draw(st.integers(1, 20) | st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=3, unique=True)),
        "dataset": {"name": "digits", "validation": 237},
        "training": {"epochs": 3, "batch_size": 50, "learning_rate": draw(learning_rates), "milestones": [1, 2]},
    }
    return SweepSpec.model_validate(content)


@settings(deadline=None)
@given(sweeps())
def test_a_dumped_sweep_loads_back(sweep: SweepSpec) -> None:
    again = parse_sweep(dump_sweep(sweep), "dump.yaml")
    assert again == sweep
    assert dump_sweep(again) == dump_sweep(sweep)
    assert [trial.id for trial in expand(again)] == [trial.id for trial in expand(sweep)]


def test_all_defaults_are_written_out() -> None:
    text = dump_sweep(parse_sweep(SWEEP, "tiny.yaml"))
    assert "  momentum: 0.9\n" in text
    assert "    masks: [example]\n" in text
    assert "full_scale: null\n" in text


def test_the_digest_follows_the_meaning() -> None:
    digest = sweep_digest(parse_sweep(SWEEP, "tiny.yaml"))
    assert len(digest) == 16
    assert int(digest, 16) >= 0
    assert sweep_digest(parse_sweep("# comment\n" + SWEEP, "tiny.yaml")) == digest
    assert sweep_digest(parse_sweep(SWEEP, "tiny.yaml", ["seeds=3"])) != digest
