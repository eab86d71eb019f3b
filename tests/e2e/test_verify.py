"""`ensweep verify` on the real command line: 6 for any damage, 0 after a run (RELIABILITY row 7)."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import Workplace

RUN = ("run", "tiny.yaml", "--runner", "inline")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_any_damage_ends_verify_with_6_and_a_run_mends_it_all(
    workplace: Workplace, uninterrupted: Callable[..., Workplace]
) -> None:
    shutil.copytree(uninterrupted().store, workplace.store)
    assert workplace.run("verify", "results/tiny").returncode == 0
    first, second, *_ = sorted(workplace.commits())
    table = workplace.store / "attempts" / second / workplace.commits()[second]["attempt"] / "epochs.parquet"
    (spec,) = (workplace.store / "specs").glob("*.yaml")
    damaged = [workplace.store / "commits" / f"{first}.json", table, workplace.store / "data-digits.json"]
    for path in damaged:
        flip(path)
    done = workplace.run("verify", "results/tiny")
    assert done.returncode == 6, done.stderr
    assert "3 problems" in done.stdout
    for path in damaged:
        assert path.relative_to(workplace.store).as_posix() in done.stdout
    flip(spec)
    flip(workplace.store / "specs" / "current")
    assert workplace.run("verify", "results/tiny").returncode == 6
    mended = workplace.run(*RUN)
    assert mended.returncode == 0, mended.stderr
    assert mended.stderr.count("damaged: ") == 5
    assert workplace.run("verify", "results/tiny").returncode == 0
    assert workplace.rows() == uninterrupted().rows()
