"""Copies of the project's packages, which tests edit as a later version would, and commands that run from a copy."""

import os
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner

from orchestrator.cli import cli
from specs.errors import EnsweepError

ROOT = Path(__file__).parent.parent
PACKAGES = ("specs", "trainers", "orchestrator", "reports")

ALONE = 'import sys; sys.meta_path = [each for each in sys.meta_path if "__editable__" not in str(each)]'
"""Forgets the installation of this checkout, which would be a second copy beside the one on ``PYTHONPATH``."""

COMMAND = """
{alone}
from specs import identity
if {numerics}: identity.NUMERICS_VERSION = {numerics}
from orchestrator import cli
sys.argv = ["ensweep", *sys.argv[1:]]
cli.main()
"""


class Tree:
    """A copy of the packages in a folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        for package in PACKAGES:
            shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that occurs exactly once in a file."""
        path = self.place / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file}: {text.count(old)} times {old!r}"
        path.write_text(text.replace(old, new))

    def add(self, file: str, text: str) -> None:
        """Write a new file."""
        path = self.place / file
        assert not path.exists()
        path.write_text(text)


def ensweep(*arguments: str, folder: Path, tree: Path, numerics: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run a command from a tree, in a folder. ``numerics``, unless 0, replaces the tree's version of the numerics."""
    return subprocess.run(
        [sys.executable, "-P", "-c", COMMAND.format(alone=ALONE, numerics=numerics), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def ensweep_here(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command of this tree in this process, which has imported most of what it needs."""
    with chdir(folder):
        done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    code, errors = done.return_value or 0, done.stderr
    if isinstance(done.exception, EnsweepError):
        code, errors = done.exception.exit_code, f"{errors}error: {done.exception}\n"
    elif done.exception is not None:
        raise done.exception
    return subprocess.CompletedProcess(arguments, code, done.stdout, errors)
