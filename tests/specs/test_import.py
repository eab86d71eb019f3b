"""The room of specs is cheap to import."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "torchvision", "ray", "numpy", "pandas", "pyarrow", "plotly", "scipy", "sklearn"}
PROGRAM = """
import importlib, json, pathlib, sys
before = set(sys.modules)
for path in sorted(pathlib.Path("specs").glob("*.py")):
    importlib.import_module("specs" if path.stem == "__init__" else f"specs.{path.stem}")
print(json.dumps(sorted(set(sys.modules) - before)))
"""


MOST_MODULES = 400
"""About 200 are loaded, most of them pydantic's and the standard library's; each costs a millisecond."""


def test_importing_all_of_specs_loads_nothing_heavy_and_few_modules() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert not HEAVY & set(loaded)
    assert len(loaded) < MOST_MODULES
