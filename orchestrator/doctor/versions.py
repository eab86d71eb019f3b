"""Versions: those installed, those that ensweep requires, and those known to be bad.

The package ``packaging`` compares them; Ray and Plotly depend on it. If it is missing, versions are shown, not judged.
"""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from orchestrator.base.places import Conflict
from orchestrator.doctor.checks import Check, error, ok, warning
from orchestrator.doctor.known_bad import KNOWN_BAD
from orchestrator.doctor.probe import Probe

TOPIC = "versions"
PACKAGES_SHOWN = ("ensweep", "torch", "torchvision", "ray", "pyarrow", "pandas", "plotly", "pydantic")


@dataclass(frozen=True)
class Installation:
    """Versions from the metadata of installed packages. Nothing is imported."""

    python: str
    versions: Mapping[str, str]
    """Installed version of each package, by its name in lower case."""
    requirements: Sequence[str]
    """Requirements of ensweep, such as ``torch>=2.11``; empty if ensweep itself is not installed."""
    requires_python: str = ""
    pairing: Sequence[str] = ()
    """Requirements of torchvision, which state the versions of torch that it works with."""


def installation() -> Installation:
    """The installation of this interpreter."""
    versions = {found.name.lower(): found.version for found in metadata.distributions() if found.name}
    return Installation(
        platform.python_version(),
        versions,
        _requirements("ensweep"),
        _requires_python("ensweep"),
        _requirements("torchvision"),
    )


def examine(installed: Installation, probes: Mapping[str, Probe]) -> Iterator[Check]:
    """Check versions against requirements and known-bad ones, and whether torch and Ray can be imported."""
    shown = [f"{name} {installed.versions.get(name, 'missing')}" for name in PACKAGES_SHOWN]
    yield ok(TOPIC, f"Python {installed.python}, {', '.join(shown)}")
    if not installed.requirements:
        yield warning(TOPIC, "ensweep is not installed, so its requirements are not known", "pip install .")
    try:
        yield from _judged(installed)
    except ModuleNotFoundError:
        yield warning(TOPIC, "versions cannot be compared without the package packaging", "pip install packaging")
    for name, probe in probes.items():
        if probe.fault and name in installed.versions:
            yield error(TOPIC, f"{name} cannot be imported: {probe.fault}", f"pip install --force-reinstall {name}")


def examine_places(home: Path, conflict: Conflict | None) -> Iterator[Check]:
    """Check where ensweep is imported from, and whether anything gets in between."""
    yield ok(TOPIC, f"ensweep is imported from {home}")
    if conflict:
        yield error(TOPIC, conflict.message, conflict.remedy)


def _judged(installed: Installation) -> Iterator[Check]:
    from packaging.specifiers import SpecifierSet

    if not SpecifierSet(installed.requires_python).contains(installed.python, prereleases=True):
        message = f"Python {installed.python} is not {installed.requires_python}"
        yield error(TOPIC, message, f"make a new environment with Python {installed.requires_python}")
    yield from _unmet("ensweep", installed.requirements, installed.versions)
    if "torchvision" in installed.versions:
        yield from _unmet("torchvision", installed.pairing, installed.versions)
    for bad in KNOWN_BAD:
        version = installed.versions.get(bad.package)
        if version and SpecifierSet(bad.affected).contains(version, prereleases=True):
            message = f"{bad.package} {version} is known to be bad: {bad.reason}; {bad.source}"
            yield error(TOPIC, message, f'pip install "{bad.package}>={bad.fixed}"')


def _unmet(asking: str, requirements: Iterable[str], versions: Mapping[str, str]) -> Iterator[Check]:
    """Unmet requirements of the package ``asking``, except those of extras and of other platforms."""
    from packaging.requirements import Requirement

    for text in requirements:
        needed = Requirement(text)
        if needed.marker and not needed.marker.evaluate({"extra": ""}):
            continue
        version = versions.get(needed.name.lower())
        remedy = f'pip install "{needed.name}{needed.specifier}"'
        if version is None:
            yield error(TOPIC, f"{needed.name} is missing, which {asking} needs", remedy)
        elif not needed.specifier.contains(version, prereleases=True):
            yield error(TOPIC, f"{needed.name} {version} is not the {needed.specifier} that {asking} needs", remedy)


def _requirements(package: str) -> Sequence[str]:
    try:
        return metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return []


def _requires_python(package: str) -> str:
    """The Python versions that a package requires; empty if it is missing or works with every Python."""
    try:
        return metadata.metadata(package)["Requires-Python"] or ""
    except metadata.PackageNotFoundError:
        return ""
