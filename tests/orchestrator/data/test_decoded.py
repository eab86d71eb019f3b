"""What a driver learns of a data set without torch."""

import subprocess
import sys
from pathlib import Path

from orchestrator.data import datasets, decoded


def test_a_data_set_is_known_once_it_was_decoded_and_as_long_as_that_is_whole(tmp_path: Path) -> None:
    assert decoded.known("digits", None, tmp_path) is None
    prepared = datasets.load("digits", None, tmp_path)
    assert decoded.known("digits", None, tmp_path) == prepared.known
    record = prepared.path.with_suffix(".fingerprint")
    whole = record.read_text()
    record.write_text(f"{'0' * 64} {whole.split()[1]}\n")  # another fingerprint under the same seal
    assert decoded.known("digits", None, tmp_path) is None
    record.write_text(whole)
    content = bytearray(prepared.path.read_bytes())
    content[-1] ^= 1
    prepared.path.write_bytes(content)
    assert decoded.known("digits", None, tmp_path) is None


def test_a_driver_needs_no_torch(tmp_path: Path) -> None:
    """Its import would take longer than all else that a driver does before its workers start."""
    datasets.load("digits", None, tmp_path)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from orchestrator.data import decoded\n"
        "from orchestrator.driver import ray_environment\n"
        "from orchestrator.planning import stack_sizes\n"
        "from orchestrator.base.settings import Settings\n"
        f"assert decoded.known('digits', None, Path({str(tmp_path)!r}))\n"
        "ray_environment.prepare('local')\n"
        "import orchestrator.driver.ray_cluster, orchestrator.driver.ray_tune\n"
        "import orchestrator.driver.follower, orchestrator.driver.sweep\n"
        "stack_sizes.DRIVERS = ()\n"
        "assert not stack_sizes._on_a_gpu_here(Settings())\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=180)
