"""The room of specs is cheap to import."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "torchvision", "ray", "numpy", "pandas", "pyarrow", "plotly", "scipy", "sklearn"}
PROGRAM = """
import importlib, json, pathlib, sys, time
began = time.process_time()
for path in sorted(pathlib.Path("specs").glob("*.py")):
    importlib.import_module("specs" if path.stem == "__init__" else f"specs.{path.stem}")
print(json.dumps([time.process_time() - began, sorted(sys.modules)]))
"""


def test_importing_all_of_specs_loads_nothing_heavy_and_is_quick() -> None:
    # Processor time, and the best of three: other work on the machine is none of this room's.
    runs = [_import_all() for _ in range(3)]
    assert not HEAVY & set(runs[0][1])
    assert min(seconds for seconds, _ in runs) < 0.3


def _import_all() -> tuple[float, list[str]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, modules = json.loads(done.stdout)
    return seconds, modules
