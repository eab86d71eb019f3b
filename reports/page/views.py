"""What the template shows of each store and figure: everything put into words, nothing decided in markup."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
from markupsafe import Markup

from reports import cautions, wording
from reports.figures import FIGURES
from reports.figures.entry import ReportFigure
from reports.frames.cells import baselines
from reports.frames.frames import Frames
from reports.page import answer, answer_chart, choosing, coverage, names, provenance
from reports.page.caveats import caveats
from reports.page.coverage import Matrix
from reports.page.embedding import compact_json, packed
from reports.page.plain_answer import PlainAnswer, judged, plain_answer
from reports.page.study import Section
from reports.tables import DisplayTable, to_csv

MOST_DRAWN = 12
"""Ensembles that a figure draws, and single networks besides: of more panels none could be read."""
MOST_SPEC = 50_000
"""Characters of a spec's text that are shown."""


@dataclass(frozen=True)
class FigureView:
    """One figure or table."""

    id: str
    source: str
    title: str
    measured: str
    note: str
    gaps: str
    table: DisplayTable
    is_table: bool
    figure: dict[str, Any] | None
    """What Plotly draws; None where the page had no room for it."""
    csv: str | None
    left_out: tuple[str, ...] = ()
    """What the page had no room for."""

    @cached_property
    def drawing(self) -> Markup:
        """The figure, packed."""
        return packed(compact_json(self.figure)) if self.figure is not None else Markup("")

    @cached_property
    def packed_csv(self) -> Markup:
        """The numbers, packed."""
        return packed(self.csv) if self.csv is not None else Markup("")

    @property
    def weight(self) -> int:
        """Bytes that it could be lightened by."""
        return len(self.drawing) + len(self.packed_csv)


@dataclass(frozen=True)
class SweepView:
    """One store."""

    part: Section
    plain: PlainAnswer
    picture: Markup
    """Of the answer; empty where nothing is measured at both ends of λ."""
    answer: str
    choice: str
    names: str
    caveats: list[str]
    comparisons: DisplayTable
    totals: str
    lacking: str
    matrix: Matrix
    baselines: str
    problems: DisplayTable
    warnings: tuple[str, ...]
    provenance: str
    environments: DisplayTable
    limits: list[str]
    spec_text: str
    figures: list[FigureView] = field(default_factory=list)


def sweep_view(part: Section, study: Sequence[Frames]) -> SweepView:
    """Everything that the page says of one store."""
    frames = part.frames
    comparisons = answer.compare(frames)
    plain = plain_answer(frames, comparisons)
    found = provenance.environments(frames)
    text = frames.spec_text
    return SweepView(
        part=part,
        plain=plain,
        picture=answer_chart.picture(judged(frames, comparisons), comparisons, plain.verdict),
        answer=answer.sentence(frames, comparisons),
        choice=choosing.told(comparisons),
        names=names.explained(frames),
        caveats=caveats(frames, study, comparisons),
        comparisons=answer.table(frames, comparisons),
        totals=coverage.totals(frames),
        lacking=coverage.lacking(frames),
        matrix=coverage.matrix(frames),
        baselines=wording.listed(baselines(frames)),
        problems=coverage.problems(frames),
        warnings=tuple(
            filter(
                None,
                [
                    frames.newer,
                    cautions.scale_warning(frames),
                    cautions.data_warning(frames),
                    provenance.warning(found),
                ],
            )
        ),
        provenance=provenance.summary(frames, found),
        environments=provenance.table(found),
        limits=provenance.limits(frames),
        spec_text=text if len(text) <= MOST_SPEC else f"{text[:MOST_SPEC]}\n… cut here; the store has all of it",
        figures=[figure_view(figure, part, study) for figure in FIGURES if figure.applies(frames)],
    )


def figure_view(figure: ReportFigure, part: Section, study: Sequence[Frames]) -> FigureView:
    """One figure of one store."""
    data = figure.rows(part.frames, study)
    shown, drawn = drawable(data)
    return FigureView(
        id=part.id(figure.key),
        source=figure.source,
        title=figure.titled(data),
        measured=figure.measured,
        note=" ".join(filter(None, [figure.noted(data), drawn])),
        gaps=coverage.gaps(part.frames, figure.ensembles_only, figure.joint_only),
        table=figure.tabled(data),
        is_table=figure.is_table,
        figure=figure.drawn(shown).to_plotly_json(),
        csv=to_csv(data),
    )


def drawable(data: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The rows of as many architectures as can be read in one figure, and a sentence where that is not all."""
    if "members" not in data:
        return data, ""
    kinds = [
        list(dict.fromkeys(data.loc[single, "architecture"])) for single in (data["members"] > 1, data["members"] == 1)
    ]
    shown = {name for names in kinds for name in names[:MOST_DRAWN]}
    total = sum(map(len, kinds))
    if len(shown) == total:
        return data, ""
    rows = data[data["architecture"].isin(shown)].reset_index(drop=True)
    return rows, f"Drawn are the first {len(shown)} of {total:,} architectures; the CSV file has all."
