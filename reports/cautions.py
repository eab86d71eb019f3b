"""What a reader must know before comparing a sweep's numbers with others."""

import pandas as pd

from reports import wording
from reports.frames.frames import Frames
from specs.datasets import facts_of


def scale_warning(frames: Frames) -> str:
    """How far the sweep stays below the work it reproduces; empty at full scale or where none was stated."""
    full = frames.sweep.full_scale
    if full is None:
        return ""
    epochs, seeds = frames.sweep.training.epochs, len(frames.sweep.seed_numbers)
    parts = [f"{epochs} of {wording.count(full.epochs, 'epoch')}"] if epochs < full.epochs else []
    parts += [f"{seeds} of {wording.count(full.seeds, 'seed')}"] if seeds < full.seeds else []
    used, available = _training_images(frames)
    parts += [f"{used:,} of {available:,} training images"] if used < available else []
    if not parts:
        return ""
    return f"Reduced scale: {wording.listed(parts)}. These numbers do not compare with the paper's."


def _training_images(frames: Frames) -> tuple[int, int]:
    """How many a joint trial trains on, and how many there are to train on."""
    dataset = frames.sweep.dataset
    available = facts_of(dataset).train - dataset.validation
    return (available if dataset.train_examples is None else dataset.train_examples), available


def data_warning(frames: Frames) -> str:
    """Says that trials were trained on other data than those published under the name; empty where none was.

    Trials of earlier versions do not say so themselves: of these the fingerprint is compared, where the published one
    is known.
    """
    environments, published = frames.environments, facts_of(frames.sweep.dataset).fingerprint
    if "data" not in environments:
        return ""
    said = environments["data_is"] if "data_is" in environments else pd.Series(index=environments.index, dtype=object)
    unlike = said.isna() & environments["data"].notna() & (environments["data"] != published) & (published is not None)
    if not (others := int(((said == "other") | unlike).sum())):
        return ""
    return (
        f"{wording.count(others, 'trial')} of {len(environments)} trained on other data than the published "
        f"{frames.sweep.dataset.name}: these numbers do not compare with anybody's on that data set."
    )
