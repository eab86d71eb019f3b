"""The origin of the numbers, and their limits."""

import pandas as pd

from reports import wording
from reports.frames.cells import baselines, chosen_by_validation
from reports.frames.frames import Frames
from reports.tables import DisplayTable
from specs.methods import METHODS, Method

MOST_ENVIRONMENTS = 8
"""Most columns of the table of environments. The most frequent environments are shown."""


def environments(frames: Frames) -> pd.DataFrame:
    """The distinct environments of committed trials, the most frequent first, with the number of their ``trials``."""
    known = frames.environments.drop(columns="trial_id", errors="ignore").astype(object)
    if known.empty:  # nothing is committed, or failures alone, which name no environment
        return pd.DataFrame(columns=["trials"])
    known = known.where(known.notna(), "–").astype(str).sort_index(axis=1)
    counts = known.value_counts().rename("trials").reset_index()
    order = ["trials", *known.columns]
    return counts.sort_values(order, ascending=[False] + [True] * len(known.columns), ignore_index=True)[order]


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
    """A sentence saying that trials ran in different environments; empty if they did not."""
    if len(found) < 2:
        return ""
    differing = [str(name) for name in found.columns if name != "trials" and found[name].nunique() > 1]
    return (
        f"Trials ran in {len(found)} different environments, which differ in {wording.listed(differing)}: "
        "differences between cells may come from these."
    )


def summary(frames: Frames, found: pd.DataFrame) -> str:
    """The origin in one line: data, epochs, environments, training time, stale trials."""
    spent = wording.duration(float(frames.trials["seconds"].sum()))
    parts = [f"Data: {frames.sweep.dataset.name}", wording.count(frames.sweep.training.epochs, "epoch")]
    parts.append(wording.count(len(found), "environment"))
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
