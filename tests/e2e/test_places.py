"""Wherever the command is given and whatever lies on Python's path, all processes of a run import one ensweep."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.base import places
from tests.e2e.conftest import Workplace

ROOT = Path(__file__).parents[2]


def package(folder: Path, name: str) -> Path:
    """A package of the user's own, which no process of ensweep may import."""
    own = folder / name
    own.mkdir(parents=True)
    (own / "__init__.py").write_text(f"raise ImportError('this is the {name} of the user')")
    return folder


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second copy of ensweep."""
    folder = tmp_path_factory.mktemp("second")
    for name in places.PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def conflict(*path: Path, last: tuple[Path, ...] = ()) -> str:
    """What a process says that finds these folders first, and those last, on its path."""
    code = f"import sys; sys.path += {[str(each) for each in last]!r}; from orchestrator.base import places; "
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{code}print(places.conflict())"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("early", [True, False])
def test_a_sweep_runs_in_a_folder_that_has_packages_of_the_same_names(workplace: Workplace, early: bool) -> None:
    for name in places.PACKAGES:
        package(workplace.folder, name)
    if not early:  # workers that import ensweep after Ray has told them where to look
        workplace.environment = {"RAY_preload_python_modules": "json"}
    done = workplace.run("run", "tiny.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["complete"] == 6
    assert "trying again" not in done.stderr


def test_so_it_does_without_ray_and_the_doctor_looks_at_data_there(workplace: Workplace) -> None:
    for name in places.PACKAGES:
        package(workplace.folder, name)
    done = workplace.run("run", "tiny.yaml", "--runner", "inline")
    assert done.returncode == 0, done.stderr
    found = json.loads(workplace.run("doctor", "--json").stdout)
    assert {"level": "ok", "topic": "versions", "message": f"ensweep is imported from {ROOT}", "remedy": ""} in found
    assert any("digits: part of scikit-learn, the published data" in each["message"] for each in found)


def test_a_second_copy_is_named_before_any_work(workplace: Workplace, copy: Path) -> None:
    workplace.environment = {"PYTHONPATH": str(copy)}
    done = workplace.run("run", "tiny.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"there are two copies of ensweep: {copy}, which runs here, and {ROOT}" in done.stderr
    assert f"take {copy} off PYTHONPATH" in done.stderr
    assert [path.name for path in workplace.folder.iterdir()] == ["tiny.yaml"]
    told = workplace.run("doctor", "--json")
    assert told.returncode == 2
    (found,) = (each for each in json.loads(told.stdout) if "two copies" in each["message"])
    assert (found["level"], found["topic"]) == ("error", "versions")
    assert found["remedy"] == f"take {copy} off PYTHONPATH, and run the command again"


@pytest.mark.parametrize("name", ["specs", "trainers", "reports"])
@pytest.mark.parametrize("regular", [True, False])
def test_a_package_that_gets_in_between_is_named_before_any_work(
    workplace: Workplace, name: str, regular: bool
) -> None:
    other = package(workplace.folder / "other", name)
    if not regular:
        (other / name / "__init__.py").unlink()
    workplace.environment = {"PYTHONPATH": "other"}
    done = workplace.run("run", "tiny.yaml")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith(f"error: the package {name} would come from {other}, but ensweep runs ")
    assert f" from {ROOT}; take {other} off PYTHONPATH" in done.stderr
    assert not workplace.store.exists()


def test_other_commands_name_what_they_cannot_import(workplace: Workplace) -> None:
    package(workplace.folder, "reports")
    workplace.environment = {"PYTHONPATH": "."}
    done = workplace.run("claims", "results/tiny")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: the package reports would come from {workplace.folder}, but")


def test_one_copy_by_two_ways_and_packages_that_never_win_are_fine(tmp_path: Path, copy: Path) -> None:
    (tmp_path / "link").symlink_to(ROOT)
    package(tmp_path / "own", "reports")
    package(tmp_path / "own", "orchestrator")
    assert conflict(ROOT) == "None"
    assert conflict(tmp_path / "link", ROOT) == "None"
    assert conflict(ROOT, last=(tmp_path / "own",)) == "None"
    assert "two copies" in conflict(last=(copy,))


def test_a_process_that_is_started_searches_our_folder_first_and_never_the_working_folder() -> None:
    assert places.HOME == ROOT
    path = places.environment({"PYTHONPATH": f":/a:{ROOT}:", "HOME": "/h"})
    assert path == {"PYTHONPATH": f"{ROOT}{os.pathsep}/a", "HOME": "/h"}
    assert places.environment({})["PYTHONPATH"] == str(ROOT)


def test_what_is_installed_beside_other_packages_is_not_put_first(monkeypatch: pytest.MonkeyPatch) -> None:
    import sysconfig

    monkeypatch.setattr(places, "HOME", Path(sysconfig.get_path("purelib")).resolve())
    assert places.first_on_path() == []
    assert places.environment({"PYTHONPATH": "/a"})["PYTHONPATH"] == "/a"
