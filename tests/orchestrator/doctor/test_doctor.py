"""The doctor finds what it is there to find, says how to mend it, and never falls ill itself."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.doctor import data, examine, gpu, limits, processors, ray_cluster, storage, versions
from orchestrator.doctor.checks import GB, Check
from orchestrator.doctor.known_bad import KNOWN_BAD, KnownBad
from orchestrator.doctor.probe import Probe, Probing
from specs.datasets import DATASETS
from tests.processes import HANG

FINE = versions.Installation("3.11.7", {"ensweep": "0.1.0", "ray": "2.60.0", "torch": "2.15.0"}, ["ray>=2.60,<2.61"])
SEEN = Probe(None, {"cuda": "13.2", "gpus": []})


def bad(findings: Iterable[Check]) -> list[tuple[str, str]]:
    """Level and message of what is to be mended; each has a remedy."""
    found = [finding for finding in findings if finding.level != "ok"]
    assert all(finding.remedy for finding in found)
    return [(finding.level, finding.message) for finding in found]


def only(findings: Iterable[Check]) -> tuple[str, str]:
    """The one that is to be mended."""
    (found,) = bad(findings)
    return found


def ensweep_doctor(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """The real command in an environment with the variables."""
    code = f"import sys; sys.argv = ['ensweep', 'doctor', *{arguments!r}]; from orchestrator.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **variables}, check=False
    )


# versions


def test_versions_that_are_asked_for_are_fine() -> None:
    assert bad(versions.examine(FINE, {"torch": SEEN, "ray": Probe(None)})) == []


@pytest.mark.parametrize("known", KNOWN_BAD, ids=lambda known: f"{known.package}{known.affected}")
def test_a_known_bad_version_is_an_error_and_the_fixed_one_is_not(known: KnownBad) -> None:
    def messages(version: str) -> list[str]:
        installed = replace(FINE, versions={known.package: version}, requirements=["click; extra == 'x'"])
        return [message for level, message in bad(versions.examine(installed, {})) if level == "error"]

    first = known.affected.partition(",")[0].removeprefix(">=") if ">=" in known.affected else "1.0.0"
    assert any(known.source in message for message in messages(first))
    assert not any(known.source in message for message in messages(known.fixed))


def test_an_unmet_requirement_is_an_error_that_names_what_to_install() -> None:
    installed = replace(FINE, requirements=["ray[tune]>=2.60,<2.61", "tqdm>=4.66", 'mypy; extra == "dev"'])
    installed = replace(installed, versions={"ray": "2.61.0"})
    ray, tqdm = (finding for finding in versions.examine(installed, {}) if finding.level == "error")
    assert "2.61.0" in ray.message
    assert "<2.61" in ray.remedy
    assert "tqdm is missing" in tqdm.message


def test_torch_and_torchvision_that_do_not_match_are_an_error() -> None:
    installed = replace(FINE, versions={**FINE.versions, "torchvision": "0.29.2"}, pairing=["torch (>=2.14.0)"])
    assert bad(versions.examine(installed, {})) == []
    older = replace(installed, versions={**installed.versions, "torch": "2.13.0+cpu"})
    assert "torchvision needs" in only(versions.examine(older, {}))[1]


def test_a_python_that_is_too_old_is_an_error() -> None:
    assert "3.10.2" in only(versions.examine(replace(FINE, python="3.10.2", requires_python=">=3.11"), {}))[1]


def test_the_versions_of_this_environment_are_those_of_its_metadata() -> None:
    from importlib.metadata import requires, version

    found = versions.installation()
    assert found.versions["torch"] == version("torch")
    assert list(found.requirements) == requires("ensweep")
    assert found.requires_python == ">=3.11"
    assert any(requirement.startswith("torch") for requirement in found.pairing)


def test_a_module_that_raises_crashes_or_hangs_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "raising.py").write_text("raise ImportError('libcudart.so: not found')")
    (tmp_path / "crashing.py").write_text("import os; print('begun'); os.abort()")
    (tmp_path / "hanging.py").write_text("import time; time.sleep(600)")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    assert Probing("raising", environment).result().fault == "ImportError: libcudart.so: not found"
    assert "ended with -6" in str(Probing("crashing", environment).result().fault)
    assert "within 0.5 s" in str(Probing("hanging", environment).result(timeout=0.5).fault)
    assert Probing("json", environment).result() == Probe(None, {})
    level, message = only(versions.examine(FINE, {"torch": Probe("ImportError: libcudart"), "ray": Probe(None)}))
    assert level == "error"
    assert "torch cannot be imported: ImportError: libcudart" in message


# Ray


def ray_findings(tmp_path: Path, address: str = "local", **environment: str) -> list[Check]:
    """Of a machine without processes, unless the folder ``proc`` has some."""
    return [*ray_cluster.examine(address, environment, proc=tmp_path / "proc", temporary=tmp_path)]


def test_a_local_cluster_is_closed_unless_the_user_opens_it(tmp_path: Path) -> None:
    assert bad(ray_findings(tmp_path)) == []
    assert bad(ray_findings(tmp_path, RAY_AUTH_MODE="token")) == []
    level, message = only(ray_findings(tmp_path, RAY_AUTH_MODE="disabled"))
    assert level == "warning"
    assert "CVE-2023-48022" in message


def test_a_token_file_that_ray_would_die_of_is_an_error(tmp_path: Path) -> None:
    found = only(ray_findings(tmp_path, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(tmp_path / "none")))
    assert found[0] == "error"


def test_a_cluster_elsewhere_without_a_token_is_an_error(tmp_path: Path) -> None:
    assert only(ray_findings(tmp_path, "ray://head:10001"))[0] == "error"
    assert (
        only(ray_findings(tmp_path, "ray://head:10001", RAY_AUTH_MODE="disabled", RAY_AUTH_TOKEN="4711"))[0] == "error"
    )
    assert bad(ray_findings(tmp_path, "ray://head:10001", RAY_AUTH_TOKEN="4711")) == []


def test_a_token_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("4711")
    file.chmod(0o600)
    assert bad(ray_findings(tmp_path, RAY_AUTH_TOKEN_PATH=str(file))) == []
    file.chmod(0o644)
    assert "other users" in only(ray_findings(tmp_path, RAY_AUTH_TOKEN_PATH=str(file)))[1]


def test_it_says_that_other_clusters_are_not_attached_to(tmp_path: Path) -> None:
    (tmp_path / "ray_current_cluster").write_text("127.0.0.1:6379\n")
    said = [finding.message for finding in ray_findings(tmp_path, RAY_ADDRESS="10.0.0.9:6379")]
    assert any("RAY_ADDRESS=10.0.0.9:6379" in message and "ensweep uses local" in message for message in said)
    assert any("left at 127.0.0.1:6379" in message and "does not attach" in message for message in said)


def test_ray_servers_that_are_running_are_found(tmp_path: Path) -> None:
    for pid, command in (("11", b"/x/ray/core/src/ray/gcs/gcs_server\0--a"), ("12", b"/bin/sh\0raylet"), ("13", b"")):
        (tmp_path / "proc" / pid).mkdir(parents=True)
        (tmp_path / "proc" / pid / "cmdline").write_bytes(command)
    assert "1 Ray servers of yours are running (gcs_server)" in only(ray_findings(tmp_path))[1]


# disk


def place(folder: Path) -> storage.Location:
    return storage.Location("store", folder, 100, 1000, "name another", fills=True)


@pytest.mark.parametrize(
    ("free", "used", "level"), [(99, 1, "error"), (100, 1, "warning"), (999, 1, "warning"), (1000, 1000, "ok")]
)
def test_room_is_judged_by_its_thresholds(tmp_path: Path, free: int, used: int, level: str) -> None:
    (finding,) = storage.examine(place(tmp_path / "new" / "store"), lambda folder: (free + used, used, free))
    assert finding.level == level


def test_a_disk_that_ray_takes_for_full_is_a_warning(tmp_path: Path) -> None:
    assert "95% full" in only(storage.examine(place(tmp_path), lambda folder: (100_000, 95_000, 5_000)))[1]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    level, message = only(storage.examine(place(tmp_path / "file" / "store")))
    assert level == "error"
    assert "cannot be written" in message


def test_real_disks_are_looked_at_and_left_as_they_are(tmp_path: Path) -> None:
    places = storage.places(tmp_path / "store", tmp_path / "cache", tmp_path, Path("/dev/shm"))
    assert [finding.topic for each in places for finding in storage.examine(each)] == ["disk"] * len(places)
    assert list(tmp_path.iterdir()) == []
    assert "store" not in [each.name for each in storage.places(Path("s3://b/x"), tmp_path, tmp_path, tmp_path)]


@pytest.mark.parametrize(
    ("kind", "options", "levels"),
    [
        ("ext4", "rw", []),
        ("nfs4", "rw,vers=4.2", ["ok"]),
        ("nfs", "rw,nolock", ["warning"]),
        ("nfs", "rw,local_lock=all", ["warning"]),
        ("fuse.sshfs", "rw", ["warning"]),
        ("lustre", "rw", ["warning"]),
    ],
)
def test_locks_on_a_shared_file_system_are_judged_by_its_mount(
    tmp_path: Path, kind: str, options: str, levels: list[str]
) -> None:
    home = tmp_path / "a b"
    home.mkdir()
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nx {str(home).replace(' ', chr(92) + '040')} {kind} {options} 0 0\n")
    assert [finding.level for finding in storage.examine_locks(home / "store", mounts)] == levels
    assert [*storage.examine_locks(tmp_path, mounts)] == []
    assert [*storage.examine_locks(tmp_path, tmp_path / "none")] == []


# cores and memory


def group(root: Path, membership: str, **files: str) -> tuple[Path, Path]:
    """Control groups and a ``/proc`` with 32 GB free, whose process is in the group ``a/b``."""
    proc = root / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text(membership)
    (proc / "meminfo").write_text("MemTotal: 64000000 kB\nMemAvailable: 32000000 kB\n")
    for name, text in files.items():
        path = root / "groups" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "groups", proc


def test_limits_of_the_groups_above_hold_too(tmp_path: Path) -> None:
    groups = group(
        tmp_path,
        "0::/a/b\n",
        a__cpu_dot_max="100000 100000\n",
        a__b__cpu_dot_max="max 100000\n",
        a__memory_dot_max=f"{8 * GB}\n",
        a__memory_dot_current=f"{5 * GB}\n",
        a__memory_dot_stat=f"anon 1\ninactive_file {GB}\n",
        a__b__memory_dot_max="max\n",
        a__b__memory_dot_current="1\n",
    )
    assert limits.cores(*groups) == 1
    assert limits.memory(*groups) == 4 * GB


def test_limits_of_the_older_groups_are_read(tmp_path: Path) -> None:
    groups = group(
        tmp_path,
        "2:cpu,cpuacct:/a\n1:memory:/a\n",
        cpu__cpu_dot_cfs_quota_us="100000\n",
        cpu__cpu_dot_cfs_period_us="100000\n",
        memory__a__memory_dot_limit_in_bytes=f"{6 * GB}\n",
        memory__a__memory_dot_usage_in_bytes=f"{5 * GB}\n",
        memory__a__memory_dot_stat="total_inactive_file 0\n",
    )
    assert limits.cores(*groups) == 1
    assert limits.memory(*groups) == GB


def test_without_limits_the_machine_is_the_limit(tmp_path: Path) -> None:
    groups = group(tmp_path, "1:cpu:/\n0::/\n", cpu__cpu_dot_cfs_quota_us="-1\n", cpu__cpu_dot_cfs_period_us="100000\n")
    assert limits.cores(*groups) == (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    assert limits.memory(*groups) == 32_000_000 * 1024
    assert limits.memory(tmp_path / "none", tmp_path / "none") is None


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_the_affinity_of_the_process_counts() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [min(allowed)])
    try:
        assert limits.cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_fewer_cores_than_the_machine_has_are_a_warning() -> None:
    assert "2 of 8 cores" in only(processors.examine(processors.Machine(8, 2, 64 * GB), {}))[1]
    assert bad(processors.examine(processors.Machine(8, 8, 64 * GB), {})) == []


def test_too_little_memory_names_the_concurrency_that_fits() -> None:
    (finding,) = (each for each in processors.examine(processors.Machine(8, 8, 7 * GB), {}) if each.level != "ok")
    assert (finding.level, finding.topic) == ("warning", "memory")
    assert "--concurrency 3" in finding.remedy


def test_thread_variables_are_mentioned() -> None:
    found = processors.examine(processors.Machine(1, 1, None), {"OMP_NUM_THREADS": "7", "MKL_NUM_THREADS": ""})
    assert [finding.message for finding in found if finding.topic == "threads"] == [
        "OMP_NUM_THREADS=7 is set, and without effect: workers take --threads (1 unless given)"
    ]


# GPU


@pytest.fixture
def driver(tmp_path: Path) -> dict[str, str]:
    """An environment whose path has an nvidia-smi."""
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return {"PATH": str(tmp_path)}


def test_no_gpu_is_no_fault(tmp_path: Path) -> None:
    (finding,) = gpu.examine(SEEN, {"PATH": str(tmp_path)}, tmp_path / "none")
    assert (finding.level, finding.message) == ("ok", "none; sweeps run on the CPU")


def test_a_gpu_that_torch_does_not_see_is_a_warning_with_its_cause(tmp_path: Path, driver: dict[str, str]) -> None:
    none = tmp_path / "none"
    assert "may be too old" in only(gpu.examine(SEEN, driver, none))[1]
    assert "CPU alone" in only(gpu.examine(Probe(None, {"cuda": None, "gpus": []}), driver, none))[1]
    assert "hides them" in only(gpu.examine(SEEN, driver | {"CUDA_VISIBLE_DEVICES": ""}, none))[1]
    assert "cannot be asked" in only(gpu.examine(Probe("ImportError"), driver, none))[1]
    assert "torch sees no GPU" in only(gpu.examine(SEEN, {}, tmp_path))[1]


def test_gpus_are_listed_and_one_that_cannot_compute_is_an_error(tmp_path: Path) -> None:
    gpus = [
        {"name": "A", "memory": 80 * GB, "fault": None},
        {"name": "B", "memory": 4 * GB, "fault": "no kernel image"},
    ]
    first, second = gpu.examine(Probe(None, {"cuda": "13.2", "gpus": gpus}), {}, tmp_path / "none")
    assert (first.level, first.message) == ("ok", "0: A, 80.0 GB")
    assert second.level == "error"
    assert "no kernel image" in second.message


# data


def test_each_data_set_is_found_or_its_download_is_announced(tmp_path: Path) -> None:
    found = [*data.examine(None, tmp_path)]
    assert [finding.message.partition(":")[0] for finding in found] == list(DATASETS)
    assert bad(found) == []
    assert "downloads 170 MB" in found[2].message


def test_files_are_looked_for_where_torchvision_puts_them(tmp_path: Path) -> None:
    from torchvision import datasets

    from orchestrator.data.sources import SOURCES
    from orchestrator.data.torchvision_files import IDX_FILES

    for name, kind in (("cifar10", datasets.CIFAR10), ("cifar100", datasets.CIFAR100)):
        assert SOURCES[name].origin.folder == kind.base_folder
        assert list(SOURCES[name].origin.files) == [file for file, _ in (*kind.train_list, *kind.test_list)]
    assert SOURCES["fashion_mnist"].origin.files == IDX_FILES
    folder = tmp_path / "downloads" / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for file in IDX_FILES:
        (folder / file).touch()
    fashion = [*data.examine(None, tmp_path)][1]
    assert fashion.message == f"fashion_mnist: {folder}"


def test_a_data_root_is_looked_at_split_by_split(tmp_path: Path) -> None:
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / "train-0.parquet").touch()
    assert "has no test-*.parquet" in only(data.examine(tmp_path, tmp_path / "cache"))[1]
    (tmp_path / "cifar10" / "test-0.parquet").touch()
    assert bad(data.examine(tmp_path, tmp_path / "cache")) == []
    assert only(data.examine(tmp_path / "none", tmp_path))[0] == "error"


# the command


@pytest.mark.slow
def test_the_command_finds_a_broken_machine_without_falling_ill_or_telling_secrets(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart.so: not found')")
    (tmp_path / "ray.py").write_text("import os; os.abort()")
    done = ensweep_doctor(
        *("--json", "--address", "ray://anna:canary-4711@head:10001", "--data-root", str(tmp_path / "none")),
        PYTHONPATH=str(tmp_path),
        RAY_AUTH_MODE="disabled",
        RAY_AUTH_TOKEN="canary-4712",
        RAY_ADDRESS="http://canary-4712@head",
    )
    assert done.returncode == 2, done.stderr
    found = json.loads(done.stdout)
    errors = [finding["message"] for finding in found if finding["level"] == "error"]
    assert all(finding["remedy"] for finding in found if finding["level"] != "ok")
    for part in ("torch cannot be imported", "ray cannot be imported", "without a token", "no such folder"):
        assert any(part in message for message in errors), part
    assert "canary" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_command_imports_nothing_heavy_itself_and_ends_by_itself(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from orchestrator.doctor import examine\n"
        f"for finding in examine(None, Path({str(tmp_path)!r}), Path({str(tmp_path / 'store')!r})): print(finding)\n"
        "assert not {'torch', 'ray', 'pandas', 'pyarrow'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=HANG)
    topics = {line.split()[1] for line in done.stdout.splitlines() if not line.lstrip().startswith("→")}
    assert topics >= {"versions", "ray", "disk", "cores", "gpu", "data"}


def test_what_the_system_refuses_to_show_is_a_finding(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    (tmp_path / "torch.py").touch()
    (tmp_path / "ray.py").touch()
    found = examine(loop, loop, loop / "store", environment={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert {"disk", "data"} <= {finding.topic for finding in found if finding.level != "ok"}
