"""The whole report as one HTML file: everything inlined, nothing fetched, the same bytes from the same store."""

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from reports import answer, coverage, provenance, wording
from reports.cells import baselines
from reports.figures import FIGURES
from reports.figures.entry import ReportFigure
from reports.figures.style import DARK
from reports.loading import Frames, load
from reports.tables import DisplayTable, to_csv
from specs.layout import Reader

UNSAFE = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""Characters that could end or confuse a script element, as JSON writes them instead."""


@dataclass(frozen=True)
class FigureView:
    """What the template shows of one figure."""

    key: str
    source: str
    title: str
    measured: str
    note: str
    gaps: str
    table: DisplayTable
    drawing: Markup
    csv: Markup


def build(store: Reader) -> bytes:
    """The report of a store as a file's content.

    Raises:
        StoreError: there is no store, or its spec cannot be read.
    """
    return render(load(store)).encode()


def render(frames: Frames) -> str:
    """The page as text. Equal frames give equal text."""
    comparisons = answer.compare(frames)
    found = provenance.environments(frames)
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script, plotly = (Markup(text) for text in (_asset("page.css"), _asset("page.js"), get_plotlyjs()))
    return environment.get_template("page.html").render(
        csp=content_security_policy([plotly, script]),
        style=style,
        script=script,
        plotly=plotly,
        dark=embedded(DARK),
        sweep=frames.sweep,
        spec_text=frames.spec_text,
        answer=answer.sentence(frames, comparisons),
        choice=answer.choice(frames, comparisons),
        comparisons=answer.table(frames, comparisons),
        totals=coverage.totals(frames),
        matrix=coverage.matrix(frames),
        baselines=wording.listed(baselines(frames)),
        problems=coverage.problems(frames),
        scale_warning=coverage.scale_warning(frames),
        environment_warning=provenance.warning(found),
        provenance=provenance.summary(frames, found),
        environments=provenance.table(found),
        limits=provenance.limits(frames),
        figures=[_view(figure, frames) for figure in FIGURES],
    )


def embedded(value: object) -> Markup:
    """A value as JSON that is inert inside a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup("".join(UNSAFE.get(character, character) for character in text))


def content_security_policy(scripts: list[Markup]) -> str:
    """Nothing may be fetched, and no script may run but these."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _view(figure: ReportFigure, frames: Frames) -> FigureView:
    data: pd.DataFrame = figure.data(frames)
    return FigureView(
        key=figure.key,
        source=figure.source,
        title=figure.title(data),
        measured=figure.measured,
        note=figure.note(data) if figure.note and len(data) else "",
        gaps=coverage.gaps(frames, only_ensembles=figure.ensembles_only),
        table=figure.table(data),
        drawing=embedded(figure.draw(data).to_plotly_json()),
        csv=embedded(to_csv(data)),
    )


def _asset(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
