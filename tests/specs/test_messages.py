"""Every mistake is named with its place and its remedy."""

import pytest

from specs.loader import SpecError, catalogue_names, load_sweep, parse_sweep
from tests.specs.texts import SWEEP

EDITS = [
    ("  epochs: 3", "  epoch: 3", "16:3: training: unknown key 'epoch'; did you mean 'epochs'?"),
    (
        "epochs: 3",
        "epochs: '5'",
        "16:11: training.epochs: expected a whole number, got the text '5'; remove the quotes",
    ),
    ("epochs: 3", "epochs: 0", "16:11: training.epochs: must be at least 1, got 0"),
    ("epochs: 3", "epochs: 2.5", "16:11: training.epochs: expected a whole number, got 2.5"),
    ("epochs: 3", "epochs: true", "16:11: training.epochs: expected a whole number, got true"),
    ("epochs: 3", "epochs:", "16:10: training.epochs: expected a whole number, got nothing"),
    ("  epochs: 3\n", "", "15:1: training: missing key 'epochs'"),
    ("name: tiny\n", "", "1:1: missing key 'name'"),
    ("name: digits", "name: digit", "13:9: dataset.name: must be 'digits', "),
    ("name: digits", "name: digit", "got the text 'digit'; did you mean 'digits'?"),
    ("seeds: 2", "seeds: 0", "11:8: seeds: must be at least 1, got 0"),
    ("seeds: 2", "seeds: yes", "11:8: seeds: expected a whole number or a list, got the text 'yes'"),
    (
        "seeds: 2",
        "seeds: [1, '2', -1]",
        "11:12: seeds[1]: expected a whole number, got the text '2'; remove the quotes",
    ),
    ("seeds: 2", "seeds: [1, '2', -1]", "11:17: seeds[2]: must be at least 0, got -1"),
    ("seeds: 2", "seeds: []", "11:8: seeds: must have at least one entry"),
    ("seeds: 2", "seeds: [3, 3]", "11:8: seeds: each entry may stand once"),
    ("lambda:", "lambdas:", "10:1: unknown key 'lambdas'; did you mean 'lambda'?"),
    ("[0, 0.5, 1]", "0.5", "10:9: lambda: expected a list, got 0.5; put it in [ ]: lambda: [0.5]"),
    ("[0, 0.5, 1]", "'0.5'", "lambda: expected a list, got the text '0.5'; put it in [ ]: lambda: [0.5]"),
    ("[0, 0.5, 1]", "0, 0.5, 1", "got the text '0, 0.5, 1'; put it in [ ]: lambda: [0, 0.5, 1]"),
    ("[0, 0.5, 1]", "{0.5}", "lambda: expected a list, got a mapping; put it in [ ]: lambda: [0.5]"),
    ("[0, 0.5, 1]", "[[0.5]]", "lambda[0]: expected a number, got a list; remove its [ ]"),
    ("[0, 0.5, 1]", "half", "lambda: expected a list, got the text 'half'; put it in [ ]"),
    ("[0, 0.5, 1]", "{0.5: 1}", "lambda: expected a list, got a mapping"),
    ("0.5, 1]", "0.5, 1.5]", "10:18: lambda[2]: must be within 0 and 1, got 1.5; bring it"),
    ("0.5, 1]", "0.5, -1]", "got -1; bring it within them, or set allow_extrapolation: true"),
    ("0.5, 1]", "0.5, .inf]", "10:18: lambda[2]: "),
    ("1e-1", "fast", "18:18: training.learning_rate: expected a number or a mapping of keys to values, got the text"),
    (
        "{default: 0.2,",
        "{defualt: 0.2,",
        "8:21: architectures.4x2.5H.learning_rate: unknown key 'defualt'; did you mean",
    ),
    (
        "{0.99: 0.1}",
        "{1.99: 0.1}",
        "8:49: architectures.4x2.5H.learning_rate.from_lambda.1.99: must be within 0 and 1, got",
    ),
    (
        "{0.99: 0.1}",
        "{2: 0.1}",
        "8:49: architectures.4x2.5H.learning_rate.from_lambda[2]: must be within 0 and 1, got 2",
    ),
    (
        "learning_rate: 1e-1",
        "learning_rate: {default: 1, from_lambda: {-0.5: 1}}",
        "18:45: training.learning_rate.from_lambda.-0.5: must be within 0 and 1, got -0.5; bring it",
    ),
    ("{0.99: 0.1}", "{x: 0.1}", "from_lambda.x: expected a number, got the text 'x'"),
    (
        "{0.99: 0.1}",
        "{0.99: 0}",
        "8:55: architectures.4x2.5H.learning_rate.from_lambda.0.99: must be greater than 0, got 0",
    ),
    ("  1x8H:", "  1 x8H:", "4:3: architectures.1 x8H: must be 1 to 64 letters"),
    ("name: tiny", "name: ../tiny", "1:7: name: must be 1 to 64 lower-case letters"),
    ("name: tiny", "name: " + "t" * 65, "1:7: name: must be 1 to 64 lower-case letters"),
    ("title: A question", "title: ''", "2:8: title: must not be empty"),
    ("title: A question", "title: 5", "2:8: title: expected text, got 5; put it in quotes"),
    ("title: A question", f"title: {'x' * 201}", "2:8: title: must be at most 200 characters, got 201"),
    ("title: A question", 'title: "a\\nb"', "2:8: title: must be one line without control characters; got 'a\\nb'"),
    ("title: A question", 'title: "a\\e[2Jb"', "title: must be one line without control characters; got 'a\\x1b[2Jb'"),
    ("seeds: 2", 'seeds: 2\nserves: ["a\\0"]', "12:10: serves[0]: must be one line without control characters"),
    ("seeds: 2", 'seeds: 2\nnotes: "a\\e"', "12:8: notes: must have no control characters but tabs and line ends"),
    ("epochs: 3", "epochs: 2147483648", "16:11: training.epochs: must be at most 2147483647, got 2147483648"),
    ("1e-1", ".nan", "18:18: training.learning_rate: expected a finite number, got .nan"),
    ("1e-1", "-.inf", "18:18: training.learning_rate: expected a finite number, got -.inf"),
    ("seeds: 2", "seeds: 2\nserves: Figure 2", "12:9: serves: expected a list, got the text 'Figure 2'; put it in [ ]"),
    ("seeds: 2", "seeds: 2\nepochs: 2", "12:1: unknown key 'epochs'; it belongs under"),
    ("seeds: 2", "seeds: 2\nfoo: 2", "12:1: unknown key 'foo'; known keys: name, title, "),
    ("seeds: 2", "seeds: 2\nmethods: [boosting]", "12:11: methods[0]: must be 'joint', 'bagging' or 'stacking', got"),
    ("seeds: 2", "seeds: 2\nmethods: [joint, baging]", "12:18: methods[1]: must be"),
    ("seeds: 2", "seeds: 2\nmethods: [joint, baging]", "got the text 'baging'; did you mean 'bagging'?"),
    ("seeds: 2", "seeds: 2\nmethods: [bagging, bagging]", "12:10: methods: each entry may stand once"),
    ("seeds: 2", "seeds: 2\nmethods: []", "12:10: methods: must have at least one entry"),
    (
        "validation: 237",
        "validation: 1437",
        "14:15: dataset.validation: validation must be less than the 1437 training",
    ),
    (
        "validation: 237",
        "validation: 0",
        "training.selection: validation needs dataset.validation > 0; hold images out",
    ),
    (
        "validation: 237",
        "validation: 237\n  train_examples: 1201",
        "15:19: dataset.train_examples: must be at most the 1200 images not held out, got 1201; leave it out to train",
    ),
    ("validation: 237", "validation: 237\n  train_examples: 0", "15:19: dataset.train_examples: must be at least 1"),
    (
        "validation: 237\ntraining:\n",
        "validation: 0\nmethods: [stacking]\ntraining:\n  selection: final\n",
        "1:1: stacking_validation: must be at most 1436 for digits, got 5000; or set dataset.validation",
    ),
    (
        "validation: 237\ntraining:\n",
        "validation: 0\nmethods: [stacking]\nstacking_validation: 1437\ntraining:\n  selection: final\n",
        "16:22: stacking_validation: must be at most 1436 for digits, got 1437",
    ),
    ("hidden: 2\n", "hidden: 8\n    members: 1\n", "key 'members' stands twice, first at line 6, column 5"),
    ("members: 4\n    hidden: 2", "members: 1\n    hidden: 8", "1x8H and 4x2.5H are the same network; keep one of"),
]


@pytest.mark.parametrize(("old", "new", "message"), EDITS, ids=[edit[1][:40] for edit in EDITS])
def test_a_mistake_is_named_with_place_and_remedy(old: str, new: str, message: str) -> None:
    assert old in SWEEP
    with pytest.raises(SpecError) as caught:
        parse_sweep(SWEEP.replace(old, new), "tiny.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("tiny.yaml:")


NETWORKS = [
    (
        "{members: 1, hidden: 8, kind: mpl}",
        "4:39: architectures.1x8H.kind: must be 'mlp', 'convnet' or 'densenet', got",
    ),
    ("{members: 1, hidden: 8, kind: mpl}", "got the text 'mpl'; did you mean 'mlp'?"),
    (
        "{members: 1, hidden: 8, kind: [1]}",
        "4:39: architectures.1x8H.kind: must be 'mlp', 'convnet' or 'densenet', got a",
    ),
    (
        "{members: 1, hidden: 8}",
        "4:9: architectures.1x8H: missing key 'kind', which says what the network is: mlp, con",
    ),
    ("{members: 1, kin: mlp}", "4:9: architectures.1x8H: missing key 'kind'; did you mean it by 'kin'?"),
    ("5", "4:9: architectures.1x8H: expected a mapping of keys to values, got 5"),
    ("{members: 1, hiden: 8, kind: mlp}", "4:22: architectures.1x8H: unknown key 'hiden'; did you mean 'hidden'?"),
    ("{members: 1, depth: 16, kind: mlp}", "4:22: architectures.1x8H: unknown key 'depth'; it is of kind densenet"),
    ("{members: 1, hidden: 16, kind: convnet}", "4:22: architectures.1x8H: unknown key 'hidden'; it is of kind mlp"),
    ("{members: 1, foo: 1, kind: mlp}", "unknown key 'foo'; known keys: kind, members, hidden, learning_rate"),
    ("{mlp: 3, members: 1, hidden: 8, kind: mlp}", "4:10: architectures.1x8H: unknown key 'mlp'; known keys: kind"),
    ("{kind: densenet, members: 2, depth: 16}", "4:3: architectures.1x8H: missing key 'growth'"),
    ("{kind: densenet, members: 2, depth: 10006, growth: 2}", "depth: must be at most 10000, got 10006"),
    (
        "{kind: densenet, members: 0, depth: 16, growth: 2}",
        "4:35: architectures.1x8H.members: must be at least 1, got 0",
    ),
    ("{kind: densenet, members: 2, depth: 17, growth: 2}", "4:45: architectures.1x8H.depth: must be 6 n + 4, such as"),
    ("{kind: convnet, members: 2, filters: []}", "4:46: architectures.1x8H.filters: must have at least one entry"),
    ("{kind: convnet, members: 2, filters: 8}", "4:46: architectures.1x8H.filters: expected a list, got 8; put it in"),
    ("{kind: convnet, members: 2, filters: [8, 0]}", "4:50: architectures.1x8H.filters[1]: must be at least 1, got 0"),
    ("{kind: convnet, members: 2, filters: [8, 8]}", "4:9: architectures.1x8H: 2 filters, but 5 strides; give one"),
    ("{kind: convnet, members: 2, strides: [1]}", "4:46: architectures.1x8H.strides: 5 filters, but 1 strides; give"),
    (
        "{kind: mlp, members: 1, hidden: 8, learning_rate: fast}",
        "learning_rate: expected a number or a mapping of keys",
    ),
]


@pytest.mark.parametrize(
    ("network", "message"), NETWORKS, ids=[f"{i} {edit[0][:40]}" for i, edit in enumerate(NETWORKS)]
)
def test_a_mistake_in_a_network_is_named_with_its_kind_in_mind(network: str, message: str) -> None:
    text = SWEEP.replace("{members: 1, hidden: 8, kind: mlp}", network)
    with pytest.raises(SpecError) as caught:
        parse_sweep(text, "tiny.yaml")
    assert message in str(caught.value)


def test_a_mistake_in_one_branch_is_told_once() -> None:
    with pytest.raises(SpecError) as caught:
        parse_sweep(SWEEP.replace("{default: 0.2,", "{defualt: 0.2,"), "tiny.yaml")
    assert len(caught.value.problems) == 1


def test_the_source_line_stands_below_with_a_caret() -> None:
    with pytest.raises(SpecError) as caught:
        parse_sweep(SWEEP.replace("  epochs", "  epoch"), "tiny.yaml")
    assert str(caught.value).splitlines() == [
        "tiny.yaml:16:3: training: unknown key 'epoch'; did you mean 'epochs'?",
        "    epoch: 3",
        "    ^",
    ]


def test_a_long_line_is_shown_around_the_caret() -> None:
    with pytest.raises(SpecError) as caught:
        parse_sweep(SWEEP.replace("0.5, 1]", f"{', '.join(f'0.{i:03}' for i in range(1, 500))}, 2]"), "tiny.yaml")
    line, caret = str(caught.value).splitlines()[-2:]
    assert len(line) < 120
    assert line[caret.index("^")] == "2"


def test_several_mistakes_are_named_at_once_in_the_text_s_order() -> None:
    text = SWEEP.replace("seeds: 2", "seeds: -1").replace("  epochs", "  epoch").replace("name: tiny", "name: T")
    with pytest.raises(SpecError) as caught:
        parse_sweep(text, "tiny.yaml")
    assert [problem.place.line for problem in caught.value.problems if problem.place] == [0, 10, 15]


def test_more_trials_than_can_be_planned_are_refused_with_their_number() -> None:
    lambdas = f"[{', '.join(f'0.{i}' for i in range(101, 199))}]"
    with pytest.raises(SpecError) as caught:
        parse_sweep(SWEEP.replace("[0, 0.5, 1]", lambdas).replace("seeds: 2", "seeds: 1011"), "tiny.yaml")
    assert str(caught.value).splitlines()[0] == (
        "tiny.yaml:11:8: seeds: 100,089 trials, 99 a seed; a sweep has at most 100,000"
    )
    largest = parse_sweep(SWEEP.replace("[0, 0.5, 1]", lambdas).replace("seeds: 2", "seeds: 1010"), "tiny.yaml")
    assert len(largest.seed_numbers) * (len(largest.lambdas) + 1) == 99_990


def test_a_key_that_is_no_text_is_named() -> None:
    for key in ("1.5", "", "~"):
        with pytest.raises(SpecError, match=r"tiny.yaml:19:[1-4]: unknown key '.*'; known keys: name, title"):
            parse_sweep(f"{SWEEP}? {key}\n: 2\n", "tiny.yaml")


def test_of_very_many_mistakes_the_first_are_named() -> None:
    with pytest.raises(SpecError) as caught:
        parse_sweep(SWEEP + "".join(f"k{i}: 1\n" for i in range(1_000)), "tiny.yaml")
    assert len(caught.value.problems) == 21
    assert str(caught.value).splitlines()[-1] == "and more; mend these first"


def test_no_message_carries_a_control_character_to_the_terminal() -> None:
    escape, quoted = "\x1b[2J", '"\\e[2J"'
    damaged = [
        (SWEEP.replace("1x8H", quoted), ()),
        (SWEEP.replace("tiny", quoted), ()),
        (SWEEP.replace("name: digits", f"name: {quoted}"), ()),
        (f"{SWEEP}{quoted}: 1\n{quoted}: 2\n", ()),
        (f"{SWEEP}? !a%1b[2J x\n: 2\n", ()),
        (SWEEP.replace("tiny", escape), ()),
        (SWEEP, (f"{escape}=1",)),
        (SWEEP, (f"seeds={escape}",)),
    ]
    for text, overrides in damaged:
        with pytest.raises(SpecError) as caught:
            parse_sweep(text, f"{escape}.yaml", overrides)
        assert "\x1b" not in str(caught.value)


def test_an_unknown_name_lists_close_ones_and_all() -> None:
    with pytest.raises(SpecError) as caught:
        load_sweep("smoke/digit")
    message = str(caught.value)
    assert "no sweep is called 'smoke/digit'; did you mean smoke/digits" in message
    assert "\n  ".join(["or one of:", *catalogue_names()]) in message


@pytest.mark.parametrize(
    "name", ["x" * 5_000, "x" * 5_000 + ".yaml", "a\0b", "a\0b.yaml", "\x1b[2J.yaml", "\udcff", ""]
)
def test_a_name_that_no_file_can_have_is_an_unknown_sweep(name: str) -> None:
    with pytest.raises(SpecError, match=r"no sweep is called|cannot be read") as caught:
        load_sweep(name)
    assert len(str(caught.value)) < 2_000
    assert "\x1b" not in str(caught.value)


def test_a_path_cannot_be_smuggled_in_as_a_name() -> None:
    with pytest.raises(SpecError, match="no sweep is called"):
        load_sweep("../catalogue/smoke/digits")
