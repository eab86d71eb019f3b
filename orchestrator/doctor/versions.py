"""Versions: what is installed, what ensweep asks for, and what is known to be bad.

Compared by ``packaging``, which Ray and Plotly depend on; where it is missing, versions are shown and not judged.
"""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata

from orchestrator.doctor.findings import Finding, error, ok, warning
from orchestrator.doctor.probe import Probe

TOPIC = "versions"
SHOWN = ("ensweep", "torch", "torchvision", "ray", "pyarrow", "pandas", "plotly", "pydantic")


@dataclass(frozen=True)
class KnownBad:
    """Versions of a package that nobody should run."""

    package: str
    affected: str
    """The versions, as a requirement would name them."""
    fixed: str
    reason: str
    source: str


KNOWN_BAD = (
    KnownBad(
        "pyarrow",
        ">=0.14.0,<14.0.1",
        "14.0.1",
        "reading a Parquet file can execute code (CVE-2023-47248)",
        "https://www.cve.org/CVERecord?id=CVE-2023-47248",
    ),
    KnownBad(
        "ray",
        "<2.52.0",
        "2.52.0",
        "knows no tokens, and a web page can execute code through its dashboard (CVE-2025-62593)",
        "https://github.com/advisories/GHSA-q279-jhrf-cc6v",
    ),
    KnownBad(
        "ray",
        "<2.54.0",
        "2.54.0",
        "a web page can delete jobs through its dashboard (CVE-2026-27482)",
        "https://www.cve.org/CVERecord?id=CVE-2026-27482",
    ),
    KnownBad(
        "ray",
        "<2.55.0",
        "2.55.0",
        "reading a Parquet file can execute code once Ray Data is imported (CVE-2026-41486)",
        "https://github.com/advisories/GHSA-mw35-8rx3-xf9r",
    ),
    KnownBad(
        "torch",
        "<2.6.0",
        "2.6.0",
        "torch.load can execute code, also with weights_only=True (CVE-2025-32434)",
        "https://github.com/pytorch/pytorch/security/advisories/GHSA-53q9-r3pm-6pq6",
    ),
    KnownBad(
        "torch",
        "<2.10.0",
        "2.10.0",
        "torch.load of a hostile file corrupts memory, also with weights_only=True (CVE-2026-24747)",
        "https://github.com/pytorch/pytorch/security/advisories/GHSA-63cw-57p8-fm3p",
    ),
    KnownBad(
        "pyyaml",
        "<5.4",
        "5.4",
        "reading YAML with its full loader can execute code (CVE-2020-14343)",
        "https://github.com/advisories/GHSA-8q59-q68h-6hv4",
    ),
    KnownBad(
        "jinja2",
        "<3.1.6",
        "3.1.6",
        "a hostile template leaves the sandbox (CVE-2025-27516)",
        "https://github.com/pallets/jinja/security/advisories/GHSA-cpwx-vrp4-4pq7",
    ),
    KnownBad(
        "tqdm",
        ">=4.4.0,<4.66.3",
        "4.66.3",
        "arguments of its command line are executed as code (CVE-2024-34062)",
        "https://github.com/tqdm/tqdm/security/advisories/GHSA-g7vv-2v7x-gj9p",
    ),
)
"""All ends that ensweep's own requirements leave open, and those that an old environment may still hold."""


@dataclass(frozen=True)
class Installation:
    """Versions as the packages' own metadata tells them: nothing is imported."""

    python: str
    versions: Mapping[str, str]
    """Installed version of each package, by its name in lower case."""
    requirements: Sequence[str]
    """What ensweep asks for, such as ``torch>=2.11``; empty where ensweep itself is not installed."""
    requires_python: str = ""
    pairing: Sequence[str] = ()
    """What torchvision asks for: the authority on which torch it works with."""


def installation() -> Installation:
    """Of this interpreter."""
    versions = {found.name.lower(): found.version for found in metadata.distributions() if found.name}
    return Installation(
        platform.python_version(),
        versions,
        _requirements("ensweep"),
        _requires_python("ensweep"),
        _requirements("torchvision"),
    )


def examine(installed: Installation, probes: Mapping[str, Probe]) -> Iterator[Finding]:
    """Versions, requirements, known-bad ones, and whether torch and Ray can be imported at all."""
    shown = [f"{name} {installed.versions.get(name, 'missing')}" for name in SHOWN]
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


def _judged(installed: Installation) -> Iterator[Finding]:
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


def _unmet(asking: str, requirements: Iterable[str], versions: Mapping[str, str]) -> Iterator[Finding]:
    """What a package asks for and does not find; extras and other platforms' requirements are left out."""
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
    """Empty where the package is missing or works with every Python."""
    try:
        return metadata.metadata(package)["Requires-Python"] or ""
    except metadata.PackageNotFoundError:
        return ""
