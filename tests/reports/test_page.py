import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from orchestrator.storage import Storage
from orchestrator.storage.local import LocalStorage
from reports.loading import load
from reports.page import embedded, render
from specs.layout import Status
from specs.sweep import PlannedTrial, SweepSpec, expand
from tests.reports.synthetic import commit, sweep, write_store

HOSTILE = "</script><img src=x onerror=alert(1)><!--'\"&{{ 7 * 7 }}"
MLP = {"kind": "mlp", "members": 4, "hidden": 16}
TRAINING = {"epochs": 6, "batch_size": 64, "learning_rate": 0.1}


class Elements(HTMLParser):
    """Every element and attribute of a page, and the ids used."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_a_rebuild_gives_the_same_bytes_from_a_fresh_reading(partial_store: Storage) -> None:
    assert render(load(partial_store)) == render(load(partial_store))


def test_the_page_stays_below_six_megabytes(partial_store: Storage) -> None:
    assert len(render(load(partial_store)).encode()) < 6_000_000


def test_nothing_is_referred_to_outside_the_page(partial_store: Storage) -> None:
    elements = Elements(render(load(partial_store)))
    assert not [tag for tag, _ in elements.tags if tag in ("link", "img", "iframe", "object", "base", "form")]
    assert not [given for _, given in elements.tags if "src" in given]
    assert all(str(given["href"]).startswith("#") for _, given in elements.tags if "href" in given)
    policy = next(
        given["content"] for _, given in elements.tags if given.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy


def test_ids_are_unique_and_figures_carry_their_finding(partial_store: Storage) -> None:
    elements = Elements(render(load(partial_store)))
    ids = [given["id"] for _, given in elements.tags if "id" in given]
    assert len(ids) == len(set(ids))
    pictures = [given["aria-label"] for _, given in elements.tags if given.get("role") == "img"]
    assert len(pictures) == 4
    assert all(pictures)
    assert all(given.get("scope") in ("row", "col") for tag, given in elements.tags if tag == "th")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    spec = sweep(title=HOSTILE[:200], notes=HOSTILE, serves=[HOSTILE])
    store = write_store(tmp_path, spec, lambda trial: None)
    for trial in expand(spec):
        commit(store, trial, "failed" if trial.spec.lam == 0 else "complete", HOSTILE, device=HOSTILE)
    harmless = write_store(tmp_path / "harmless", sweep())
    page, plain = Elements(render(load(LocalStorage(tmp_path)))), Elements(render(load(harmless.storage)))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert sum(tag == "script" for tag, _ in page.tags) == sum(tag == "script" for tag, _ in plain.tags)
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]
    assert "{{ 7 * 7 }}" in render(load(LocalStorage(tmp_path)))


def test_embedded_json_cannot_leave_its_script() -> None:
    text = str(embedded({"a": HOSTILE}))
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == {"a": HOSTILE}


def test_different_environments_are_warned_of(tmp_path: Path) -> None:
    spec = sweep()
    store = write_store(tmp_path, spec, lambda trial: None)
    for trial in expand(spec):
        commit(store, trial, "complete", device="cpu" if trial.spec.seed else "NVIDIA H100")
    page = render(load(LocalStorage(tmp_path)))
    assert "Trials ran in 2 different environments, which differ in device:" in page
    assert "NVIDIA H100" in page


def none(trial: PlannedTrial) -> Status | None:
    return None


def every(status: Status) -> Callable[[PlannedTrial], Status | None]:
    return lambda trial: status


def only_the_first(trial: PlannedTrial) -> Status | None:
    return "complete" if trial.spec.seed == 0 and trial.spec.lam == 1 and trial.architecture == "20x4H" else None


def only_singles(trial: PlannedTrial) -> Status | None:
    return "complete" if trial.spec.architecture.members == 1 else None


@pytest.mark.parametrize(
    ("spec", "outcome", "said"),
    [
        (sweep(), none, "No answer yet"),
        (sweep(), only_the_first, "not measured yet"),
        (sweep(), only_singles, "No answer yet"),
        (sweep(), every("failed"), "33 failed"),
        (sweep(), every("diverged"), "33 diverged"),
        (sweep(seeds=1), every("complete"), "There is one seed"),
        (sweep(seeds=[5]), every("complete"), "There is one seed"),
        (sweep(architectures={"4x16H": MLP}), every("complete"), "higher for 4x16H"),
        (
            sweep(architectures={"1x16H": {"kind": "mlp", "members": 1, "hidden": 16}}),
            every("complete"),
            "No answer yet",
        ),
        (sweep(**{"lambda": [0.5]}), every("complete"), "not measured yet"),
        (sweep(**{"lambda": [1]}), every("complete"), "not measured yet"),
        (sweep(evaluation={"robustness": {"repeats": 0}}), every("complete"), "has measured robustness"),
        (sweep(evaluation={"train_examples": 0}), every("complete"), "lower for 20x4H"),
        (sweep(full_scale=None, training=TRAINING | {"epochs": 1}), every("complete"), "lower for 20x4H"),
    ],
)
def test_partial_stores_render_and_say_what_they_lack(
    tmp_path: Path, spec: SweepSpec, outcome: Callable[[PlannedTrial], Status | None], said: str
) -> None:
    page = render(load(write_store(tmp_path, spec, outcome).storage))
    assert said in page
    assert len(re.findall("data-drawing>", page)) == 4
