"""Make the golden store of the format that this checkout writes: ``python -m tests.golden.make``, once per format.

It holds trials of every kind and method: complete, diverged, failed, of an older spec, and one stack under way.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.cli import main
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from orchestrator.worker.failure import commit_failure
from specs import faults
from specs.format import records
from specs.loader import load_sweep
from specs.sweep import expand
from tests.trees import ensweep_here

HERE = Path(__file__).parent
RUN = ("run", "spec.yaml", "--store", "store", "--runner", "inline", "--device", "cpu", "--stack", "2")
OLDER_SPEC = ("--set", "methods=[joint]", "--set", "seeds=1", "--set", "training.epochs=1", "--set", "claims=[]")
OF_ONE_MACHINE = ("lock", "lock.guard", "logs", "withdrawn")


def make(folder: Path) -> None:
    """A store with everything that a later version must read, its spec, and what its tables hold."""
    shutil.copy(HERE / "spec.yaml", folder)
    _run(folder, *RUN, *OLDER_SPEC)
    failed = next(
        trial
        for trial in expand(load_sweep(str(folder / "spec.yaml")))
        if (trial.architecture, trial.spec.method, trial.spec.seed) == ("2x3C", "bagging", 1)
    )
    commit_failure(PlannedStack((failed,)), Store.at(folder / "store"), "error", "ValueError: made on purpose")
    _run(folder, *RUN)
    (folder / "expected").mkdir()
    for name in records.TABLES:
        done = ensweep_here("export", "store", "--table", name, folder=folder)
        (folder / "expected" / f"{name}.csv").write_text(done.stdout)
    more = (*RUN, "--set", "seeds=3", "--checkpoint-seconds", "0")
    died = subprocess.run([sys.executable, "-m", "tests.golden.make", "die", *more], cwd=folder, check=False)
    assert died.returncode == 9, died
    for name in OF_ONE_MACHINE:
        path = folder / "store" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _run(folder: Path, *arguments: str) -> None:
    done = ensweep_here(*arguments, folder=folder)
    assert done.returncode in (0, 3), done.stderr  # two trials diverge, and one has failed


def die_at_the_second_checkpoint(arguments: list[str]) -> None:
    """Run a command that ends without a word once its stack has two checkpoints."""
    saved = iter(range(2))

    def count(name: str) -> None:
        if name == "checkpoint.saved" and next(saved) == 1:
            os._exit(9)

    faults._handler = count
    sys.argv = ["ensweep", *arguments]
    main()


if __name__ == "__main__":
    if sys.argv[1:2] == ["die"]:
        die_at_the_second_checkpoint(sys.argv[2:])
    with TemporaryDirectory() as made:
        make(Path(made))
        with tarfile.open(HERE / f"format-{records.VERSION}.tar.xz", "w:xz", preset=9) as packed:
            for name in ("spec.yaml", "expected", "store"):
                packed.add(Path(made) / name, name)
