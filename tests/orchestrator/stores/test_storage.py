"""What every storage promises, held against a folder and against an S3 server."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from orchestrator.stores.storage import Storage, open_storage
from specs import faults
from specs.format.errors import StoreError
from tests.processes import HANG

RACERS = 8

T = TypeVar("T")


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where stores can lie side by side."""
    if request.param == "local":
        return str(tmp_path)
    return f"s3://{request.getfixturevalue('bucket')}/sweeps"


@pytest.fixture
def storage(place: str) -> Storage:
    return open_storage(f"{place}/store")


def test_what_was_created_is_read_and_not_created_again(storage: Storage) -> None:
    assert storage.create("commits/t1.json", b"first")
    assert not storage.create("commits/t1.json", b"second")
    assert storage.read("commits/t1.json") == b"first"


def test_equal_content_of_another_call_is_no_win(storage: Storage) -> None:
    assert storage.create("mark", b"")
    assert not storage.create("mark", b"")
    assert not open_storage(storage.url).create("mark", b"")


def test_a_removed_key_can_be_created_again(storage: Storage) -> None:
    assert storage.create("a/b", b"1")
    storage.delete(["a/b"])
    assert storage.create("a/b", b"2")


def test_replacing_puts_content_whether_there_was_some_or_not(storage: Storage) -> None:
    for content in (b"one", b"", b"three" * 100_000):
        storage.replace("specs/current", content)
        assert storage.read("specs/current") == content


def test_a_folder_cleared_while_one_writes_into_it_is_written_again(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path))
    cleared = []

    def clear(point: str) -> None:
        if point == "write.synced" and len(cleared) < 2:
            cleared.append(storage.keys("checkpoints/s"))
            storage.delete(cleared[-1])

    with faults.handled(clear):
        storage.replace("checkpoints/s/state", b"new")
    assert storage.read("checkpoints/s/state") == b"new"
    assert storage.keys("checkpoints") == ["checkpoints/s/state"]
    assert [len(keys) for keys in cleared] == [1, 1]


def test_what_is_missing_is_not_found(storage: Storage) -> None:
    storage.replace("a/b", b"x")
    for key in ("nothing", "a", "a/b/c", "a/b/c/d"):
        with pytest.raises(FileNotFoundError):
            storage.read(key)
        with pytest.raises(FileNotFoundError):
            storage.read_tagged(key)
        assert storage.read_many([key]) == {}
    assert storage.keys("nowhere/") == storage.entries("nowhere/") == storage.keys("a/b/") == []
    storage.delete(["nothing", "a/b/c"])
    assert not storage.replace_tagged("nothing", b"x", "tag")
    assert not storage.replace_tagged("no/where", b"x", "tag")
    assert storage.keys("") == ["a/b"]


def test_a_store_that_was_never_written_to_is_empty(storage: Storage) -> None:
    assert storage.keys("") == storage.entries("") == storage.keys("commits/") == []
    with pytest.raises(FileNotFoundError):
        storage.read("specs/current")


def test_empty_content_is_content(storage: Storage) -> None:
    storage.create("empty", b"")
    assert storage.read("empty") == b""
    assert storage.read_many(["empty", "missing"]) == {"empty": b""}
    assert [(entry.key, entry.size) for entry in storage.entries("")] == [("empty", 0)]


def test_a_tag_lets_one_replace_what_it_read_and_nothing_else(storage: Storage) -> None:
    storage.replace("lock", b"1")
    content, tag = storage.read_tagged("lock")
    assert content == b"1"
    assert storage.replace_tagged("lock", b"2", tag)
    assert not storage.replace_tagged("lock", b"3", tag)
    assert storage.read("lock") == b"2"


def test_keys_have_many_levels_and_come_sorted_by_prefix(storage: Storage) -> None:
    keys = ["a/b/c/d/e.txt", "a/b/c.txt", "a/bc.txt", "data-digits.json", "z/1", "a-b/x"]
    for key in keys:
        storage.replace(key, key.encode())
    assert storage.keys("") == sorted(keys)
    assert storage.keys("a/") == ["a/b/c.txt", "a/b/c/d/e.txt", "a/bc.txt"]
    assert storage.keys("a/b/") == ["a/b/c.txt", "a/b/c/d/e.txt"]
    assert storage.read_many(reversed(keys)) == {key: key.encode() for key in keys}


def test_entries_tell_size_and_time(storage: Storage) -> None:
    before = time.time()
    storage.replace("a/b", b"12345")
    (entry,) = storage.entries("a/")
    assert (entry.key, entry.size) == ("a/b", 5)
    assert before - 2 <= entry.modified <= time.time() + 2


def test_more_keys_than_fit_an_answer_are_listed_and_deleted(storage: Storage) -> None:
    keys = [f"many/{number:04}" for number in range(1005)]
    storage.replace("kept", b"")
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda key: storage.replace(key, b"x"), keys))
    assert storage.keys("many/") == keys
    assert len(storage.entries("")) == 1006
    storage.delete(keys)
    assert storage.keys("") == ["kept"]


def test_stores_side_by_side_do_not_see_each_other(place: str) -> None:
    one, other = open_storage(f"{place}/a"), open_storage(f"{place}/ab")
    one.replace("key", b"one")
    other.replace("key", b"other")
    other.replace("only/here", b"")
    assert (one.keys(""), other.keys("")) == (["key"], ["key", "only/here"])
    one.delete(["key", "only/here"])
    assert (one.keys(""), other.read("key"), other.keys("only/")) == ([], b"other", ["only/here"])


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a/..", "nul\0byte"])
def test_a_key_that_leads_out_is_refused(storage: Storage, key: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: storage.read(key),
        lambda: storage.read_tagged(key),
        lambda: storage.read_many([key]),
        lambda: storage.create(key, b""),
        lambda: storage.replace(key, b""),
        lambda: storage.replace_tagged(key, b"", "tag"),
        lambda: storage.delete([key]),
        lambda: storage.keys(key),
        lambda: storage.entries(key),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="leads out of the store"):
            call()


def test_it_travels_to_another_process(storage: Storage) -> None:
    storage.replace("from/here", b"here")
    program = "import pickle, sys; s = pickle.load(sys.stdin.buffer); s.create('from/afar', s.read('from/here'))"
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", program], cwd=root, input=pickle.dumps(storage), check=True)
    assert storage.read("from/afar") == b"here"


def racing(target: Callable[[int], T]) -> list[T]:
    """What each of eight forked processes makes of its number, all begun at once."""
    context = multiprocessing.get_context("fork")
    barrier, answers = context.Barrier(RACERS), context.Queue()

    def race(number: int) -> None:
        barrier.wait()
        answers.put((number, target(number)))

    racers = [context.Process(target=race, args=(number,)) for number in range(RACERS)]
    for racer in racers:
        racer.start()
    found = dict(answers.get(timeout=HANG) for _ in racers)
    for racer in racers:
        racer.join()
    return [found[number] for number in range(RACERS)]


def test_of_many_processes_that_create_at_once_one_wins(storage: Storage) -> None:
    storage.replace("used/before/the/fork", b"")
    keys = [f"race/{number}" for number in range(5)]
    wins = racing(lambda number: [storage.create(key, b"%d" % number) for key in keys])
    for key, won in zip(keys, zip(*wins, strict=True), strict=True):
        assert won.count(True) == 1
        assert storage.read(key) == b"%d" % won.index(True)
    assert storage.keys("race/") == keys


def test_no_update_is_lost_among_processes(storage: Storage) -> None:
    storage.replace("count", b"0")

    def count_up(number: int) -> int:
        tries = 0
        for _ in range(3):
            while True:
                tries += 1
                content, tag = storage.read_tagged("count")
                if storage.replace_tagged("count", b"%d" % (int(content) + 1), tag):
                    break
        return tries

    tries = racing(count_up)
    assert storage.read("count") == b"%d" % (RACERS * 3)
    assert sum(tries) > RACERS * 3, "nobody ever met anybody: this tested nothing"


def test_a_forked_child_does_not_disturb_its_parents_connections(storage: Storage) -> None:
    storage.replace("parents", b"content of the parent" * 1000)
    child = os.fork()
    if not child:
        ended = 1
        try:
            for number in range(20):
                storage.replace(f"child/{number}", b"%d" % number * 1000)
                ended = 0 if storage.read(f"child/{number}") == b"%d" % number * 1000 else 1
        finally:
            os._exit(ended)
    for _ in range(20):
        assert storage.read("parents") == b"content of the parent" * 1000
    assert os.waitpid(child, 0)[1] == 0
    assert len(storage.keys("child/")) == 20
