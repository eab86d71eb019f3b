"""The answer in plain words, over every sequence of verdicts, and on stores."""

import itertools
import re

import pytest

from reports.frames.frames import Frames
from reports.page import answer
from reports.page.plain_answer import ADVICE, Judged, PlainAnswer, in_plain_words, judged, plain_answer
from specs.sweep import PlannedTrial
from tests.reports.conftest import FramesOf
from tests.reports.synthetic import sweep

LETTERS = {"s": "system", "e": "ensemble", "u": "unclear", "-": "unmeasured"}
SEQUENCES = ["".join(letters) for n in range(1, 6) for letters in itertools.product(LETTERS, repeat=n)]
FOLLOWS_SIZE = re.compile("|".join("".join(f"{letter}+" for letter in order) for n in (2, 3)
                                   for order in itertools.permutations("seu", n)))  # fmt: skip
"""Each verdict in one unbroken run."""


def networks(letters: str, sizes: list[int] | None = None, seeds: int = 3) -> list[Judged]:
    sizes = sizes or [10 * (i + 1) for i in range(len(letters))]
    return [Judged(f"N{i}", sizes[i], LETTERS[letter], seeds) for i, letter in enumerate(letters)]


def said(letters: str) -> PlainAnswer:
    return in_plain_words(networks(letters))


@pytest.mark.parametrize(
    ("letters", "verdict", "grounds"),
    [
        ("sse", "Small members: train as one system. Large members: train apart.",
         "Small: N0 and N1, 10 to 20 parameters a member. Large: N2, 30 parameters a member."),
        ("es", "Small members: train apart. Large members: train as one system.",
         "Small: N0, 10 parameters a member. Large: N1, 20 parameters a member."),
        ("sue", "Small members: train as one system. Middle-sized members: cannot tell. Large members: train apart.",
         "Small: N0, 10 parameters a member. Middle-sized: N1, 20 parameters a member. Large: N2, 30 parameters a "
         "member. Where nothing can be told, the 95 % interval of the difference holds 0."),
        ("ss", "Train as one system.", "Measured for N0 and N1."),
        ("e", "Train apart.", "Measured for N0."),
        ("uu", "Cannot tell.",
         "Measured for N0 and N1. Where nothing can be told, the 95 % interval of the difference holds 0."),
        ("ses", "Some networks: train as one system. Others: train apart.",
         "Train as one system: N0 and N2. Train apart: N1."),
        ("s-", "Train as one system. Not measured yet: N1.", "Measured for N0."),
        ("--", "Cannot tell yet.", "No seed is complete at both ends of λ for N0 and N1."),
    ],
)  # fmt: skip
def test_the_words(letters: str, verdict: str, grounds: str) -> None:
    assert said(letters) == PlainAnswer(verdict, grounds)


def test_advice_is_given_where_some_interval_gives_it_and_nowhere_else() -> None:
    for letters in SEQUENCES:
        verdict = said(letters).verdict.lower()
        for letter in "se":
            assert (ADVICE[LETTERS[letter]] in verdict) == (letter in letters), letters
        assert ("cannot tell" in verdict) == ("u" in letters or set(letters) == {"-"}), letters


def test_sizes_are_spoken_of_where_the_verdicts_follow_them_and_nowhere_else() -> None:
    for letters in SEQUENCES:
        measured = letters.replace("-", "")
        assert ("members:" in said(letters).verdict) == bool(FOLLOWS_SIZE.fullmatch(measured)), letters


def by_advice(plain: PlainAnswer) -> dict[str, str]:
    """The names under each advice, as the texts list them."""
    if "members:" in plain.verdict:
        advice = dict(re.findall(r"([\w-]+) members: ([a-z ]+)\.", plain.verdict))
        return {advice[size]: names for size, names in re.findall(r"([\w-]+): (N.*?), [\d,]+ ", plain.grounds)}
    if "networks:" in plain.verdict:
        return {words.lower(): names for words, names in re.findall(r"([A-Z][a-z ]+): (N[N\d, and]*)\.", plain.grounds)}
    return {}


def test_every_network_is_under_its_own_advice_and_no_other() -> None:
    for letters in SEQUENCES:
        plain = said(letters)
        for words, names in by_advice(plain).items():
            own = [f"N{i}" for i, letter in enumerate(letters) if letter != "-" and ADVICE[LETTERS[letter]] == words]
            assert re.findall(r"N\d", names) == own, letters
        measured = set(letters) - {"-"}
        assert set(by_advice(plain)) == ({ADVICE[LETTERS[each]] for each in measured} if len(measured) > 1 else set())
        absent = [f"N{i}" for i, letter in enumerate(letters) if letter == "-" and measured]
        assert re.findall(r"N\d", plain.verdict) == absent, letters


def test_members_of_one_size_make_no_pattern_over_sizes() -> None:
    plain = in_plain_words(networks("se", [10, 10]))
    assert plain.verdict == "Some networks: train as one system. Others: train apart."
    tied_alike = in_plain_words(networks("sse", [10, 10, 20]))
    assert tied_alike.verdict == "Small members: train as one system. Large members: train apart."
    assert "Small: N0 and N1, 10 parameters a member." in tied_alike.grounds


def test_one_seed_is_the_reason_where_it_is() -> None:
    assert in_plain_words(networks("uu", seeds=1)).grounds.endswith("there is one seed, and so no interval.")
    mixed = [*networks("u", seeds=1), *networks("uu")[1:]]
    assert in_plain_words(mixed).grounds.endswith("the 95 % interval holds 0 or there is one seed (N0).")


def test_of_many_networks_some_are_named() -> None:
    plain = in_plain_words(networks("s" * 40))
    assert plain.grounds == "Measured for N0, N1, N2, N3, N4, N5 and 34 more."


def test_of_a_store(full_frames: Frames) -> None:
    comparisons = answer.compare(full_frames)
    assert [(n.name, n.parameters, n.verdict, n.seeds) for n in judged(full_frames, comparisons)] == [
        ("20x4H", 310, "system", 3),
        ("4x16H", 1210, "ensemble", 3),
    ]
    assert plain_answer(full_frames, comparisons) == PlainAnswer(
        "Small members: train as one system. Large members: train apart.",
        "Small: 20x4H, 310 parameters a member. Large: 4x16H, 1,210 parameters a member.",
    )


def test_where_an_end_is_not_planned_the_sentence_alone_says_so(frames_of: FramesOf) -> None:
    frames = frames_of(spec=sweep(**{"lambda": [0.5, 1]}))
    comparisons = answer.compare(frames)
    assert plain_answer(frames, comparisons) == PlainAnswer("", "")
    assert "does not plan λ\u00a0=\u00a00" in answer.sentence(frames, comparisons)


def test_nothing_is_answered_from_nothing(frames_of: FramesOf) -> None:
    frames = frames_of(lambda trial: None)
    assert plain_answer(frames, answer.compare(frames)) == PlainAnswer("", "")


def test_an_end_that_is_not_complete_cannot_be_told(frames_of: FramesOf) -> None:
    def without_independent(trial: PlannedTrial) -> str | None:
        return None if trial.spec.lam == 0 else "complete"

    frames = frames_of(without_independent)
    assert plain_answer(frames, answer.compare(frames)).verdict == "Cannot tell yet."
