"""The README tells the truth: its targets, files, specs, commands and exit codes exist."""

import re
from pathlib import Path

import pytest

from orchestrator.cli import cli
from specs.errors import Exit
from specs.loader import catalogue_names

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def block_after(heading: str) -> list[str]:
    """Lines of the first fenced block after a heading."""
    return README.split(f"## {heading}", 1)[1].split("```")[1].strip().splitlines()


def test_make_targets_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= set(targets)
    assert {"setup", "demo", "test", "check", "bench"} <= set(targets)


def test_every_path_of_the_tree_exists_and_every_folder_is_in_it() -> None:
    paths = [line.split()[0] for line in block_after("Where things live")]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    hidden_or_made = {"build", "results", "ensweep.egg-info"}
    folders = {f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert folders - {f"{name}/" for name in hidden_or_made} <= set(paths)


@pytest.mark.parametrize("line", re.findall(r"^ensweep [^#\n]*", README, re.MULTILINE))
def test_commands_parse(line: str) -> None:
    _, name, *arguments = line.split()
    cli.commands[name].make_context(name, arguments)


def test_specs_that_are_named_ship() -> None:
    assert set(re.findall(r"\b(?:smoke|paper|reduced|extensions)/[a-z][a-z0-9-]+", README)) <= set(catalogue_names())


def test_links_and_pictures_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_exit_codes_are_the_codes() -> None:
    listed = re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE)
    assert {int(code) for cell in listed for code in cell.split(",")} == set(map(int, Exit))


def test_every_test_that_the_documents_name_exists() -> None:
    defined = {
        name for file in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    named = {name for file in (ROOT / "docs").glob("*.md") for name in re.findall(r"`(test_\w+)`", file.read_text())}
    assert len(named) > 50
    assert named <= defined, sorted(named - defined)
