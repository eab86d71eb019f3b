"""The origin of the numbers, and their limits."""

import pandas as pd

from reports import wording
from reports.frames.cells import baselines, chosen_by_validation
from reports.frames.frames import Frames
from reports.tables import DisplayTable
from specs.format.environments import DECISIVE, EARLIER, ROUNDING, STACK
from specs.methods import METHODS, Method

MOST_ENVIRONMENTS = 8
"""Most columns of the table of environments. The most frequent environments are shown."""


def environments(frames: Frames) -> pd.DataFrame:
    """The distinct environments of committed trials, the most frequent first, with the number of their ``trials``.

    The sizes of stacks and graphs make no environment: all that an environment's trials were trained in are listed.
    """
    known = frames.environments.drop(columns="trial_id", errors="ignore")
    if known.empty:
        return pd.DataFrame(columns=["trials"])
    columns = sorted(set(known.columns) - set(ROUNDING))
    told = known[columns].where(known[columns].notna(), "–").astype(str)
    rows = [
        {"trials": len(own), **dict(zip(columns, values, strict=True)), **_sizes(known.loc[own.index])}
        for values, own in told.groupby(columns)
    ]
    found = pd.DataFrame(rows)
    return found.sort_values("trials", ascending=False, kind="stable", ignore_index=True)


def _sizes(trials: pd.DataFrame) -> dict[str, str]:
    """The sizes of the stacks and of the graphs that these trials were trained in.

    A trial that records no stack was alone. One that records no graph has numbers that do not depend on it.
    """
    found = {}
    for name in (name for name in ROUNDING if name in trials):
        known = trials[name].where(trials[name].notna(), 1) if name == STACK else trials[name].dropna()
        found[name] = wording.listed([str(size) for size in sorted({int(size) for size in known})]) or "–"
    return found


def table(found: pd.DataFrame) -> DisplayTable:
    """A table with a column per environment, the most frequent first. A row whose values differ says so."""
    shown = min(len(found), MOST_ENVIRONMENTS)
    more = f"and {len(found) - shown} more" if len(found) > shown else ""
    headers = ("item", *(f"environment {i + 1}" for i in range(shown)), more)
    rows = []
    for name in found.columns:
        values = [str(value) for value in found[name]]
        differs = name != "trials" and len(set(values)) > 1
        rows.append((str(name), *values[:shown], "differs" if differs else ""))
    return DisplayTable(headers, rows if len(found) else [], total=len(found.columns))


def warning(found: pd.DataFrame) -> str:
    """A sentence saying that trials ran in environments whose difference may change numbers; empty if they did not."""
    differing = [name for name in (*DECISIVE, EARLIER) if name in found and found[name].nunique() > 1]
    if not differing:
        return ""
    different = len(found[differing].drop_duplicates())
    return (
        f"Trials ran in {different} different environments, which differ in {wording.listed(differing)}: "
        "differences between cells may come from these."
    )


def summary(frames: Frames, found: pd.DataFrame) -> str:
    """The origin in one line: data, epochs, environments, training time, stale trials."""
    spent = wording.duration(float(frames.trials["seconds"].sum()))
    parts = [f"Data: {frames.sweep.dataset.name}", wording.count(frames.sweep.training.epochs, "epoch")]
    parts += [wording.count(len(found), "environment")] if len(found) else []
    parts += [f"{spent} of training"] if len(frames.trials) else []
    parts += [f"{wording.count(frames.stale, 'stale trial')} left out"] if frames.stale else []
    return " · ".join(parts)


def limits(frames: Frames) -> list[str]:
    """What a reader must know of the numbers, besides the caveats that stand beside the answer."""
    found = []
    if len(frames.trials) and not chosen_by_validation(frames):
        found.append("No validation images were held out: a best λ is picked by test error, which flatters it.")
    found.append(
        "Intervals are 95 % t intervals over seeds (ddof = 1), not corrected for looking at several λs and "
        "architectures; differences are paired within seeds, which share split, initial weights and data order."
    )
    found += _baselines(frames)
    found += [_unmeasured(frames)] if frames.unmeasured else []
    found.append("Diverged, failed, corrupt and stale trials enter no mean; their cells are marked.")
    return found


def _unmeasured(frames: Frames) -> str:
    """A sentence on values that some trials lack because their version of the store's format did not have them."""
    named = [f"{name} ({wording.count(trials, 'trial')})" for name, trials in frames.unmeasured.items()]
    return f"Not measured by the earlier version of ensweep that trained some trials: {wording.listed(named)}."


def _baselines(frames: Frames) -> list[str]:
    """Sentences on our own settings of bagging and stacking, if they are planned."""
    if not (planned := baselines(frames)):
        return []
    settings = "; ".join(METHODS[method].settings for method in planned)
    found = [f"The paper publishes no settings for {wording.listed(planned)}; those here are ours: {settings}."]
    if not frames.sweep.dataset.validation:
        found += [_held_out(method, frames) for method in planned if METHODS[method].held_out_for]
    return found


def _held_out(method: Method, frames: Frames) -> str:
    return (
        f"{method.capitalize()} holds out {frames.sweep.stacking_validation:,} images for "
        f"{METHODS[method].held_out_for}, on which the other methods train: part of its difference from them may come "
        "from that."
    )
