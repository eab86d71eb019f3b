"""The first failure of a kind is told in full, the others are counted; a run that makes no sense is known as such."""

from orchestrator.driver.triage import HOPELESS, Triage, signature

ERROR = 'Traceback (most recent call last):\n  File "x.py", line 3, in f\nValueError: {}'


def test_the_first_of_a_kind_shows_its_traceback_and_later_ones_are_counted() -> None:
    triage = Triage()
    first = triage.failed("a", ERROR.format("bad rate"))
    assert first.splitlines()[0] == "failed: a"
    assert '    File "x.py", line 3, in f' in first
    assert triage.failed("b", ERROR.format("bad rate")) == (
        "failed: b: the same as before (2 times now): ValueError: bad rate"
    )
    assert "Traceback" in triage.failed("c", ERROR.format("bad shape"))
    assert triage.summary() == "2 failed with: ValueError: bad rate\n1 failed with: ValueError: bad shape"


def test_ids_addresses_and_numbers_make_no_other_kind() -> None:
    one = signature(ERROR.format("no room for 12 bytes at 0x7f3a00 in 3f9c1b2a4d5e6f70"))
    assert one == signature(ERROR.format("no room for 9000 bytes at 0x11ee in 00aa11bb22cc33dd"))
    assert one != signature(ERROR.format("no hope for 12 bytes at 0x7f3a00 in 3f9c1b2a4d5e6f70"))
    assert signature("  \n ") == "no message"


def test_the_first_stacks_failing_alike_make_a_run_hopeless() -> None:
    triage = Triage()
    for count in range(1, HOPELESS + 1):
        assert not triage.hopeless
        triage.failed(f"trial {count}", ERROR.format(f"bad rate {count}"))
    assert triage.hopeless == f"the first {HOPELESS} stacks all failed with: ValueError: bad rate #"


def test_other_errors_or_a_success_leave_hope() -> None:
    mixed, partly = Triage(), Triage()
    partly.succeeded()
    for count in range(2 * HOPELESS):
        mixed.failed("x", ERROR.format("bad rate" if count % 2 else "bad shape"))
        partly.failed("x", ERROR.format("bad rate"))
    assert (mixed.hopeless, partly.hopeless) == ("", "")


def test_of_what_is_tried_again_the_first_of_a_kind_is_told() -> None:
    triage = Triage()
    assert triage.retried("a", ERROR.format("bad rate 1")) == "trying again: a: ValueError: bad rate 1"
    assert triage.retried("b", ERROR.format("bad rate 2")) == ""
    assert triage.retried("b", ERROR.format("bad shape")) == "trying again: b: ValueError: bad shape"
    assert (triage.hopeless, triage.summary()) == ("", "")
