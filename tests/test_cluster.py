"""cluster.yaml is valid by Ray's own schema, offline, and starts Ray from the project's environment."""

from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.ray

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def cluster() -> dict[str, Any]:
    """The file as Ray's launcher sees it, defaults filled in."""
    from ray.autoscaler._private.util import prepare_config

    prepared: dict[str, Any] = prepare_config(yaml.safe_load((ROOT / "cluster.yaml").read_text()))
    return prepared


def test_is_valid_for_ray(cluster: dict[str, Any]) -> None:
    from ray.autoscaler._private.util import validate_config

    validate_config(cluster)


def test_installs_the_locked_versions_and_no_nightly(cluster: dict[str, Any]) -> None:
    commands = [command for key, value in cluster.items() if key.endswith("_commands") for command in value]
    assert any("make setup" in command for command in cluster["setup_commands"])
    assert not [command for command in commands if "dev0" in command or "http" in command]
    starts = cluster["head_start_ray_commands"] + cluster["worker_start_ray_commands"]
    assert all(".venv/bin/ray" in command for command in starts)


def test_an_unknown_key_would_be_noticed(cluster: dict[str, Any]) -> None:
    import jsonschema
    from ray.autoscaler._private.util import validate_config

    with pytest.raises(jsonschema.ValidationError):
        validate_config(cluster | {"headnode": {}})
