"""The README tells the truth: its targets, files, specs, commands and exit codes exist."""

import re
import shlex
import signal
from pathlib import Path

import pytest

from orchestrator.cli import cli
from specs.errors import Exit
from specs.loader import catalogue, catalogue_names, load_sweep
from specs.problems import SpecError
from specs.sweep import expand

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def section(heading: str) -> str:
    """The text below a heading, up to the next of its level."""
    return README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_make_targets_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= set(targets)
    assert {"setup", "demo", "test", "check", "bench"} <= set(targets)


def test_its_order_is_a_newcomers() -> None:
    assert re.findall(r"^## (.+)", README, re.MULTILINE) == [
        "Status",
        "Requirements",
        "Quick start",
        "Reading the report",
        "Eight concepts",
        "Commands by task",
        "How long things take",
        "A spec of your own",
        "Interrupt, resume, extend",
        "Where results are",
        "Data sets",
        "GPU",
        "Clusters and S3",
        "Troubleshooting",
        "Guarantees",
        "Contributing",
    ]


def test_the_packages_are_those_there_are() -> None:
    named = re.findall(r"^\| `(\w+)/` \|", section("Contributing"), re.MULTILINE)
    assert sorted(named) == sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))


def test_the_timetable_has_every_sweep_with_its_trials() -> None:
    listed = re.findall(r"^\| `(\S+)` \| (\d+) \|", section("How long things take"), re.MULTILINE)
    assert {name: int(trials) for name, trials in listed} == {entry.name: entry.trials for entry in catalogue()}


def test_the_spec_is_valid_and_its_error_is_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = section("A spec of your own").split("```yaml\n", 1)[1].split("```", 1)[0]
    spec = Path("my-sweep.yaml")
    spec.write_text(text)
    assert len(expand(load_sweep(str(spec), ()))) == 10
    spec.write_text(text.replace("momentum", "momentun"))
    with pytest.raises(SpecError) as error:
        load_sweep(str(spec), ())
    assert f"error: {error.value}" in README


@pytest.mark.parametrize("line", re.findall(r"^(?:\$ )?(ensweep [^#\n]*)", README, re.MULTILINE))
def test_commands_parse(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    cli.commands[name].make_context(name, arguments)


def test_specs_that_are_named_ship() -> None:
    assert set(re.findall(r"\b(?:smoke|paper|reduced|extensions)/[a-z][a-z0-9-]+", README)) <= set(catalogue_names())


def test_links_and_pictures_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_exit_codes_are_the_codes() -> None:
    listed = re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE)
    assert {int(code) for cell in listed for code in cell.split(",")} == {*map(int, Exit), 128 + signal.SIGHUP}


def test_every_test_that_the_documents_name_exists() -> None:
    defined = {
        name for file in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    named = {name for file in (ROOT / "docs").glob("*.md") for name in re.findall(r"`(test_\w+)`", file.read_text())}
    assert len(named) > 50
    assert named <= defined, sorted(named - defined)
