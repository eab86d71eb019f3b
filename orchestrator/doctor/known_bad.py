"""Versions that nobody should run, each with the reason and its source."""

from dataclasses import dataclass


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
"""Versions that ensweep's own requirements let through, and those that an old environment may still hold."""
