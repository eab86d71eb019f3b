"""What Figure 4 finds, in words: the order of the best λs, how they were chosen, and how sure they are."""

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from reports import wording
from reports.statistics import ties
from reports.statistics.bootstrap import RESAMPLES


def bests(data: pd.DataFrame) -> pd.DataFrame:
    """A row an ensemble with a chosen λ, by parameters a member."""
    chosen = data[data["best_n"] > 0].drop_duplicates("architecture")
    return chosen.sort_values(["member_parameters", "architecture"], kind="stable")


def title(data: pd.DataFrame) -> str:
    """The best λ of each ensemble from the smallest members to the largest, and whether it falls."""
    chosen = bests(data)
    named = wording.listed([f"{wording.tied(row['best'])} for {row['architecture']}" for _, row in chosen.iterrows()])
    trend = _trend(chosen, np.array(sorted(set(data["lam"]))))
    return f"From the smallest members to the largest, the best λ {trend}: {named}" if named else ""


def _trend(chosen: pd.DataFrame, grid: np.ndarray) -> str:
    """The order of the best λs in words, where it is one and the same however ties are broken.

    It is called a trend only where the intervals at both ends do not meet.
    """
    if len(chosen) < 2:
        return "is known for one size only"
    tied = [np.isin(grid, best) for best in chosen["best"]]
    same, falls, rises = float(ties.alike(tied)), float(ties.falling(tied)), float(ties.rising(tied))
    if 1 not in (same, falls, rises):
        return "has no order, because λs tie" if same + falls + rises > 0 else "neither falls nor rises steadily"
    if same == 1:
        return "stays the same"
    first, last = chosen.iloc[0], chosen.iloc[-1]
    apart = last["best_high"] < first["best_low"] if falls == 1 else last["best_low"] > first["best_high"]
    return ("falls" if falls == 1 else "rises") + ("" if apart else ", though not separably")


def note(data: pd.DataFrame) -> str:
    """How the best λ was chosen, how sure it is, and the rank correlation with the members' size."""
    chosen = bests(data)
    if chosen.empty:
        return "No best λ can be chosen yet."
    by = chosen["chosen_by"].iloc[0]
    text = f"The best λ is the one with the least mean {by}"
    text += ", picked on the test images themselves. " if by.startswith("test") else ". "
    return " ".join(filter(None, [text.strip(), _gaps(data, chosen), _sureness(chosen), _correlation(chosen)]))


def _gaps(data: pd.DataFrame, chosen: pd.DataFrame) -> str:
    """On which seeds λs are compared where trials are missing, and which λs take no part; empty where none is."""
    names = set(data.loc[data["complete"] < data["planned"], "architecture"])
    partial = chosen[chosen["architecture"].isin(names)]
    seeds = [f"{row['best_n']} for {row['architecture']}" for _, row in partial.iterrows()]
    none = data[(data["complete"] == 0) & data["architecture"].isin(chosen["architecture"])]
    left_out = [f"{row['architecture']} at {wording.lam(row['lam'])}" for _, row in none.iterrows()]
    said = [f"Where trials are missing, λs are compared on the seeds that all have: {wording.listed(seeds)}."]
    said += [f"Left out without any complete trial: {wording.listed(left_out)}."] if left_out else []
    return " ".join(said) if seeds else ""


def _sureness(chosen: pd.DataFrame) -> str:
    """The share of resamples that agree on the best λ; empty for one seed."""
    sure = [
        f"{100 * row['best_share']:.1f} % for {row['architecture']}"
        for _, row in chosen[chosen["best_share"].notna()].iterrows()
    ]
    if not sure:
        return ""
    return (
        f"Share of {RESAMPLES:,} bootstrap resamples of the seeds whose best λ is the one named, or one of those that "
        f"tie: {wording.listed(sure)}. {wording.TIES_IN_RESAMPLES}"
    )


def _correlation(chosen: pd.DataFrame) -> str:
    """The rank correlation of best λ and size; empty where a tie leaves a λ open, or nothing can be correlated."""
    if (chosen["best"].map(len) > 1).any():
        return ""
    best = [lams[0] for lams in chosen["best"]]
    if len(best) < 3 or len(set(best)) < 2 or chosen["member_parameters"].nunique() < 2:
        return ""
    tau = kendalltau(chosen["member_parameters"], best).statistic
    return f"Kendall's τ of best λ and parameters: {wording.signed(tau)} over {len(best)} sizes."
