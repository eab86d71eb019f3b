import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from orchestrator.stores.storage import Storage
from orchestrator.stores.storage.local import LocalStorage
from reports.frames.frames import Frames, load
from reports.page.document import build, render
from reports.page.embedding import embedded
from reports.page.study import about_the_paper, sections
from reports.page.views import sweep_view
from reports.wording import lambdas_told_apart
from specs.format.commits import Status
from specs.loader import load_sweep
from specs.sweep import PlannedTrial, SweepSpec, expand
from tests.reports.synthetic import commit, sweep, write_store

HOSTILE = "</script><img src=x onerror=alert(1)><!--'\"&{{ 7 * 7 }}"
FIGURE_IDS = ["fig-2", "fig-3", "table-1", "fig-4", "fig-6", "fig-6-epochs", "fig-6-ranks", "fig-7-8",
              "fig-7-8-droppable", "fig-9", "calibration"]  # fmt: skip
"""What a sweep of ensembles and a single network is shown in, whatever of it has run."""
NB = "\u00a0"
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
    assert render([load(partial_store)]) == render([load(partial_store)])


def test_the_page_stays_below_six_megabytes(partial_store: Storage) -> None:
    assert len(render([load(partial_store)]).encode()) < 6_000_000


def test_nothing_is_referred_to_outside_the_page(partial_store: Storage) -> None:
    elements = Elements(render([load(partial_store)]))
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
    elements = Elements(render([load(partial_store)]))
    ids = [given["id"] for _, given in elements.tags if "id" in given]
    assert len(ids) == len(set(ids))
    pictures = [given["aria-label"] for _, given in elements.tags if given.get("role") == "img"]
    assert len(pictures) == 1 + len(FIGURE_IDS)  # the answer's picture comes first
    assert [given["id"] for tag, given in elements.tags if tag == "figure"] == FIGURE_IDS
    assert all(pictures)
    assert all(given.get("scope") in ("row", "col") for tag, given in elements.tags if tag == "th")


def test_the_first_screen_says_it_in_words_then_shows_it_then_counts(partial_store: Storage) -> None:
    page = render([load(partial_store)])
    first = page[page.index('<section id="answer"') : page.index('<section id="claims"')]
    order = ['<p class="plain">Small members: train as one system. Large members: cannot tell.</p>',
             '<svg class="answer-chart" role="img"', "Trained as one system (λ = 1) instead of",
             "Names: 20x4H means 20 members", "The learning rate changes with λ for", "360 test images"]  # fmt: skip
    places = [first.find(text) for text in order]
    assert -1 not in places
    assert places == sorted(places)
    assert 'href="#comparisons"' in first
    assert "360 test images" not in page[page.index('<section id="limits"') :]


def test_without_joint_training_there_is_no_picture(tmp_path: Path) -> None:
    page = render([load(write_store(tmp_path, sweep(methods=["bagging"])).storage)])
    assert "<svg" not in page
    assert '<p class="plain">No answer from this sweep: it plans no joint training' in page


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    spec = sweep(title=HOSTILE[:200], notes=HOSTILE, serves=[HOSTILE])
    store = write_store(tmp_path, spec, lambda trial: None)
    for trial in expand(spec):
        commit(store, trial, "failed" if trial.spec.lam == 0 else "complete", HOSTILE, device=HOSTILE)
    harmless = write_store(tmp_path / "harmless", sweep())
    page, plain = Elements(render([load(LocalStorage(tmp_path))])), Elements(render([load(harmless.storage)]))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert sum(tag == "script" for tag, _ in page.tags) == sum(tag == "script" for tag, _ in plain.tags)
    assert not [name for _, given in page.tags for name in given if name.startswith("on")]
    assert "{{ 7 * 7 }}" in render([load(LocalStorage(tmp_path))])


def test_embedded_json_cannot_leave_its_script() -> None:
    text = str(embedded({"a": HOSTILE}))
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == {"a": HOSTILE}


def test_different_environments_are_warned_of(tmp_path: Path) -> None:
    spec = sweep()
    store = write_store(tmp_path, spec, lambda trial: None)
    for trial in expand(spec):
        commit(store, trial, "complete", device="cpu" if trial.spec.seed else "NVIDIA H100")
    page = render([load(LocalStorage(tmp_path))])
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


SINGLE = {"1x16H": {"kind": "mlp", "members": 1, "hidden": 16}}


@pytest.mark.parametrize(
    ("spec", "outcome", "said", "missing_figures"),
    [
        (sweep(), none, ["No answer yet", "33 missing", "Nothing has run yet"], []),
        (sweep(), only_the_first, ["is not measured yet for 4x16H and 20x4H", "1 of 33 planned trials complete"], []),
        (sweep(), only_singles, ["No answer yet: no jointly trained ensemble among", "3 of 33 planned trials"], []),
        (sweep(), every("failed"), ["0 of 33 planned trials complete, 33 failed", "RuntimeError: out of memory"], []),
        (sweep(), every("diverged"), ["0 of 33 planned trials complete, 33 diverged", "not finite in epoch 2"], []),
        (sweep(seeds=1), every("complete"), ["There is one seed", "1 of 5 seeds"], []),
        (sweep(seeds=[5]), every("complete"), ["There is one seed", "1 of 5 seeds"], []),
        (sweep(architectures={"4x16H": MLP}), every("complete"), ["is higher for 4x16H (+"], ["fig-2", "fig-4"]),
        (
            sweep(architectures=SINGLE),
            every("complete"),
            ["No answer from this sweep: it plans single networks alone", "3 of 3 planned trials complete"],
            [each for each in FIGURE_IDS if each not in ("fig-3", "table-1")],
        ),
        (
            sweep(**{"lambda": [0.5]}),
            every("complete"),
            [f"it does not plan λ{NB}={NB}0 (independent networks) or λ{NB}={NB}1 (one system)."],
            ["fig-4"],
        ),
        (
            sweep(**{"lambda": [1]}),
            every("complete"),
            [f"No answer from this sweep: it does not plan λ{NB}={NB}0 (independent networks)."],
            ["fig-4"],
        ),
        (
            sweep(evaluation={"robustness": {"repeats": 0}}),
            every("complete"),
            ["lower for 20x4H (−"],
            ["fig-7-8", "fig-7-8-droppable"],
        ),
        (sweep(evaluation={"train_examples": 0}), every("complete"), ["lower for 20x4H (−"], []),
        (
            sweep(full_scale=None, training=TRAINING | {"epochs": 1}),
            every("complete"),
            ["lower for 20x4H (−", "best member of epoch 1", "1 epoch ·"],
            [],
        ),
    ],
)  # fmt: skip
def test_partial_stores_render_and_say_what_they_lack(
    tmp_path: Path,
    spec: SweepSpec,
    outcome: Callable[[PlannedTrial], Status | None],
    said: list[str],
    missing_figures: list[str],
) -> None:
    page = render([load(write_store(tmp_path, spec, outcome).storage)])
    assert [text for text in said if text not in page] == []
    shown = [given["id"] for tag, given in Elements(page).tags if tag == "figure"]
    assert shown == [each for each in FIGURE_IDS if each not in missing_figures]
    assert len(re.findall("data-drawing>", page)) == len(shown)
    assert not re.search(r"\bnan\b", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


def test_two_stores_share_a_page_and_no_id(tmp_path: Path, partial_store: Storage) -> None:
    other = write_store(tmp_path, sweep(name="other", title="And these?")).storage
    page = build([partial_store, other]).decode()
    elements = Elements(page)
    ids = [given["id"] for _, given in elements.tags if "id" in given]
    assert len(ids) == len(set(ids))
    figures = [given["id"] for tag, given in elements.tags if tag == "figure"]
    assert figures == [f"{each}-{number}" for number in (1, 2) for each in FIGURE_IDS]
    assert {"sweep-1", "sweep-2"} <= set(ids)
    assert sum(tag == "svg" for tag, _ in elements.tags) == 2
    linked = {str(given["href"])[1:] for _, given in elements.tags if "href" in given}
    assert linked - set(ids) == set()
    assert "1. synthetic" in page
    assert "2. other" in page
    assert page == build([partial_store, other]).decode()


def test_every_link_leads_somewhere(partial_store: Storage) -> None:
    elements = Elements(render([load(partial_store)]))
    linked = {str(given["href"])[1:] for _, given in elements.tags if "href" in given}
    assert linked - {given["id"] for _, given in elements.tags if "id" in given} == set()


def test_a_page_about_the_paper_has_its_ledger(tmp_path: Path) -> None:
    page = render([load(write_store(tmp_path, sweep(serves=["Figure 3"])).storage)])
    assert '<section id="ledger"' in page
    assert "extensions/fashion-mlp-fixed-lr is the control" in page
    assert "Diamond: a number of the paper" in page


def test_a_page_about_other_things_has_no_ledger(partial_store: Storage) -> None:
    page = render([load(partial_store)])
    assert "ledger" not in page[: page.index("<script")] + page[page.index("<main>") : page.index("</main>")]
    assert "Diamond" not in page


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("paper/fashion-mlp", True),
        ("reduced/cifar100-convnet", True),
        ("extensions/fashion-mlp-fixed-lr", True),
        ("smoke/digits", False),
    ],
)
def test_a_page_is_about_the_paper_where_its_sweep_says_so(name: str, about: bool, full_frames: Frames) -> None:
    assert about_the_paper(sections([replace(full_frames, sweep=load_sweep(name))])) is about


def test_a_claim_of_the_paper_makes_a_page_about_it(full_frames: Frames) -> None:
    claims = load_sweep("paper/fashion-mlp").claims
    told = full_frames.sweep.model_copy(update={"claims": claims})
    assert about_the_paper(sections([full_frames, replace(full_frames, sweep=told)]))


def test_no_store_is_no_page() -> None:
    with pytest.raises(ValueError, match="at least one store"):
        build([])


NEAR = 0.1 + 0.2


def test_lambdas_that_look_alike_are_told_apart_everywhere(tmp_path: Path) -> None:
    spec = sweep(**{"lambda": [0, 0.3, NEAR, 1]}, evaluation={"filters": True})
    frames = load(
        write_store(tmp_path / "store", spec, lambda trial: None if trial.spec.seed == 2 else "complete").storage
    )
    with lambdas_told_apart([frames]):
        view = sweep_view(sections([frames])[0], [frames])
    assert view.matrix.headers == ("λ = 0", "λ = 0.3", "λ = 0.30000000000000004", "λ = 1")
    for figure in view.figures:
        if "λ" in figure.table.headers:
            column = figure.table.headers.index("λ")
            shown = {str(row[column]) for row in figure.table.rows}
            assert len(shown & {"0.3", f"{NEAR!r}"}) != 1, figure.id
        assert figure.figure is not None
        for axis in (axis for name, axis in figure.figure["layout"].items() if name.startswith(("xaxis", "yaxis"))):
            ticks = axis.get("ticktext") or ()
            assert len(set(ticks)) == len(ticks), (figure.id, ticks)
        legend = [str(trace.get("name")) for trace in figure.figure["data"] if trace.get("showlegend")]
        legend = [name for name in legend if name.startswith("λ")]
        assert len(set(legend)) == len(legend), (figure.id, legend)
        drawn = json.dumps(figure.figure, default=str, ensure_ascii=False)
        if figure.id not in ("fig-2", "fig-5"):  # which show one λ of those between the ends, or none
            times = [len(re.findall(rf"λ\u00a0=\u00a0{re.escape(lam)}(?!\d)", drawn)) for lam in ("0.3", f"{NEAR!r}")]
            assert times[0] == times[1], (figure.id, times)
    page = render([frames])
    assert "λ\u00a0=\u00a00.30000000000000004" in page
    assert render([frames]) == page
