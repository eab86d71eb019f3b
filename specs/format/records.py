"""The results' tables, column by column, defined once for the store that writes them and the report that reads them.

To add a column or a table, raise ``VERSION`` and give that number as its ``since``. Results of earlier versions stay
valid without it. ``docs/architecture.md`` says what else a new version needs.

Errors and accuracies are fractions of examples, losses are in nats per example, times in seconds, sizes in bytes. Means
are over examples, never over batches.
"""

from dataclasses import dataclass
from typing import Literal

VERSION = 2
"""The version of the format that this program writes. It reads every store of this version or an earlier one.

Version 1 is the first. Version 2 stores the lists of ``epochs`` and ``filters`` in single precision, like the weights
and logits that they come from.
"""

ColumnType = Literal["string", "int", "float", "floats", "floats32", "ints"]


@dataclass(frozen=True)
class Column:
    """One column.

    ``floats`` is a list of numbers, one per member in member order unless ``meaning`` says otherwise. ``floats32`` is
    such a list in single precision, for long lists.
    """

    name: str
    type: ColumnType
    unit: str
    meaning: str
    nullable: bool = False
    incidental: bool = False
    """Whether two equal trainings may differ in it, because it depends on the machine, the checkout or a label."""
    since: int = 1
    """The version of the format that introduced the column. Files of earlier versions lack it."""


@dataclass(frozen=True)
class Table:
    """One table of the store. ``key`` names the columns that identify a row."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    optional: bool = False
    """Whether a complete trial may lack the table, because its spec asks for no such rows."""
    since: int = 1
    """The version of the format that introduced the table. Commits of earlier versions lack it."""


TRIALS = Table(
    "trials",
    ("trial_id",),
    (
        Column("trial_id", "string", "", "identity of the trial"),
        Column("sweep", "string", "", "sweep that ran it", incidental=True),
        Column("architecture", "string", "", "the architecture's name in that sweep", incidental=True),
        Column("kind", "string", "", "kind of member network"),
        Column("method", "string", "", "joint, bagging or stacking"),
        Column("lam", "float", "", "joint-training weight λ"),
        Column("seed", "int", "", "replicate number"),
        Column("members", "int", "networks", "ensemble size M"),
        Column("member_parameters", "int", "numbers", "parameters of one member"),
        Column("total_parameters", "int", "numbers", "parameters of the ensemble"),
        Column("dataset", "string", "", "data set"),
        Column("epochs", "int", "epochs", "epochs trained"),
        Column("batch_size", "int", "examples", "examples a step"),
        Column("learning_rate", "float", "", "learning rate before any milestone"),
        Column("status", "string", "", "complete or diverged"),
        Column("best_epoch", "int", "epoch", "epoch of the tested weights, from 1", nullable=True),
        Column("selected_by", "string", "", "validation or final"),
        Column("validation_error", "float", "fraction", "at best_epoch", nullable=True),
        Column("test_error", "float", "fraction", "of the ensemble at best_epoch", nullable=True),
        Column("test_nll", "float", "nats", "of the ensemble at best_epoch", nullable=True),
        Column("test_member_error", "float", "fraction", "mean over members", nullable=True),
        Column("test_member_nll", "float", "nats", "mean over members", nullable=True),
        Column("test_diversity", "float", "nats", "test_member_nll − test_nll (Eq. 5 at λ = 1)", nullable=True),
        Column("member_test_errors", "floats", "fraction", "each member's", nullable=True),
        Column("member_test_nlls", "floats", "nats", "each member's", nullable=True),
        Column(
            "dominance",  # its first name; reports judge model dominance, which also regards the ensemble's error
            "float",
            "",
            "lead of the best member by test error, 0 to 1: (mean of the others − least) / (chance − least)",
            nullable=True,
        ),
        Column("test_ece", "float", "fraction", "expected calibration error of the ensemble, 15 bins", nullable=True),
        Column("test_brier", "float", "", "Brier score of the ensemble, summed over classes, 0 to 2", nullable=True),
        Column(
            "early_epoch",
            "int",
            "epoch",
            "epoch of the early ranks: 3, or the last of a shorter training",
            nullable=True,
        ),
        Column(
            "early_rank_test",
            "int",
            "rank",
            "rank at early_epoch, by test error, of the member best at the end",
            nullable=True,
        ),
        Column(
            "early_rank_train", "int", "rank", "the same by train error; null where it was not measured", nullable=True
        ),
        Column(
            "hessian_condition",
            "float",
            "",
            "condition of the joint loss's Hessian, where the spec asks",
            nullable=True,
        ),
        Column(
            "weights_sha256",
            "string",
            "",
            "SHA-256 of the tested weights: equal where two trainings are equal bit for bit",
            nullable=True,
        ),
        Column("seconds", "float", "s", "training and measuring, over all attempts", incidental=True),
        Column("seconds_per_epoch", "float", "s", "median over epochs, training and measuring", incidental=True),
        Column(
            "samples_per_second", "float", "1/s", "training examples over the seconds of the epochs", incidental=True
        ),
        Column(
            "peak_memory",
            "int",
            "bytes",
            "CUDA: most allocated; CPU: the process's largest resident size",
            incidental=True,
        ),
        Column("device", "string", "", "device that trained it", incidental=True),
        Column("environment", "string", "", "fingerprint of versions, device and threads", incidental=True),
    ),
)

EPOCHS = Table(
    "epochs",
    ("trial_id", "epoch", "split"),
    (
        Column("trial_id", "string", "", "identity of the trial"),
        Column("epoch", "int", "epoch", "epochs completed, from 1"),
        Column("split", "string", "", "train, validation or test"),
        Column("error", "float", "fraction", "of the ensemble"),
        Column("nll", "float", "nats", "of the ensemble"),
        Column("member_error", "float", "fraction", "mean over members"),
        Column("member_nll", "float", "nats", "mean over members"),
        Column("diversity", "float", "nats", "member_nll − nll"),
        Column("member_errors", "floats32", "fraction", "each member's"),
        Column("member_nlls", "floats32", "nats", "each member's"),
        Column("learning_rate", "float", "", "in that epoch"),
        Column("seconds", "float", "s", "of that epoch, training and measuring", incidental=True),
        Column(
            "member_distance_from_init",
            "floats32",
            "",
            "Euclidean distance of each member's weights from initial",
        ),
    ),
)

ROBUSTNESS = Table(
    "robustness",
    ("trial_id", "dropped", "mask"),
    (
        Column("trial_id", "string", "", "identity of the trial"),
        Column("dropped", "int", "networks", "members dropped at test time"),
        Column("mask", "string", "", "example: a subset for each test example; shared: one for the test set"),
        Column("accuracy", "float", "fraction", "of the members kept, mean over repeats"),
        Column("accuracy_sd", "float", "fraction", "standard deviation over repeats (ddof = 1)", nullable=True),
        Column("nll", "float", "nats", "of the members kept, mean over repeats"),
    ),
)

FILTERS = Table(
    "filters",
    ("trial_id", "member", "stage"),
    (
        Column("trial_id", "string", "", "identity of the trial"),
        Column("member", "int", "", "member, from 0"),
        Column("stage", "string", "", "initial or final: before training, or the tested weights"),
        Column("weights", "floats32", "", "first layer's weights, flattened in row-major order"),
        Column("shape", "ints", "", "their shape: (filter, channel, height, width), or (unit, input)"),
    ),
    optional=True,
)

TABLES = {table.name: table for table in (TRIALS, EPOCHS, ROBUSTNESS, FILTERS)}

Row = dict[str, object]
"""One row: values by column name."""
