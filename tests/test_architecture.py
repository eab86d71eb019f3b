"""The tree is what the documents say: rooms, their boundaries, and what each costs to import."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("specs", "trainers", "orchestrator", "reports")
HEAVY = {"torch", "torchvision", "ray", "pandas", "pyarrow", "plotly", "numpy", "scipy", "sklearn"}
PARQUET = {"specs.format.tables"}
"""The one file of the specs that is for those alone who write and read results."""

LOADED = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running the code."""
    done = subprocess.run([sys.executable, "-c", f"{code}\n{LOADED}"], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def modules_of(room: str) -> list[str]:
    """Import paths of a room's files."""
    files = sorted((ROOT / room).rglob("*.py"))
    paths = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [path.removesuffix(".__init__") for path in paths]


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_imported_from_this_checkout(room: str) -> None:
    code = f"import {room}; print({room}.__file__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert Path(done.stdout.strip()).is_relative_to(ROOT)


def test_every_folder_with_code_is_installed() -> None:
    import tomllib

    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {file.parent for room in ROOMS for file in (ROOT / room).rglob("*.py")}
    assert {".".join(folder.relative_to(ROOT).parts) for folder in folders} == set(packages)


@pytest.mark.parametrize(
    ("room", "banned"),
    [
        ("specs", HEAVY),
        ("trainers", {"ray", "pandas", "pyarrow", "plotly", "pydantic"}),
        ("reports", {"torch", "torchvision", "ray"}),
    ],
)
def test_a_room_loads_nothing_that_it_may_not(room: str, banned: set[str]) -> None:
    modules = [module for module in modules_of(room) if module not in PARQUET]
    loaded = modules_after("\n".join(f"import {module}" for module in modules))
    assert room in loaded
    assert not loaded & banned


def test_the_orchestrator_package_loads_nothing_itself() -> None:
    loaded = modules_after("import orchestrator")
    assert not loaded & (HEAVY | {"click", "pydantic"})


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["validate", "smoke/digits"], ["plan", "smoke/digits"], ["specs"]]
)
def test_quick_commands_load_neither_torch_nor_ray(arguments: list[str], tmp_path: Path) -> None:
    code = (
        f"import os, sys; os.chdir({str(tmp_path)!r}); sys.argv = ['ensweep', *{arguments!r}]\n"
        "from orchestrator.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code"
    )
    assert not modules_after(code) & HEAVY
    assert list(tmp_path.iterdir()) == []


def test_every_file_that_a_document_names_exists() -> None:
    named = {
        name
        for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        for name in re.findall(
            r"`((?:specs|trainers|reports|orchestrator|tests|benchmarks|docs)/[\w./-]*)`", document.read_text()
        )
    }
    assert len(named) > 30
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
