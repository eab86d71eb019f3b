"""Points on which the paper disagrees with its authors' code or with itself, and what ensweep does.

The ledger holds facts with their sources, and no numbers of a store.
"""

from dataclasses import dataclass

from reports.tables import DisplayTable

CODE = "grey-area/modular-loss-experiments, 2019"
"""The authors' public code, of an earlier version of the paper."""


@dataclass(frozen=True)
class Disagreement:
    """One point on which a reader must know whom these numbers follow."""

    topic: str
    paper: str
    """What the paper says, and where."""
    other: str
    """What its code, or another place of the paper, says."""
    here: str
    """What ensweep does, and where the report shows it."""
    against: str = "its code"
    """What the paper disagrees with: its code, itself, or what can be known."""


LEDGER = (
    Disagreement(
        "learning rate and λ",
        "Compares λs as if nothing else changed (Figures 2 to 4).",
        "The rate falls with λ: for MLPs 0.02·M, and 0.3 of that from λ = 0.99 on; for ConvNets 0.06, 0.02 at λ = 1.",
        "The specs in paper/ take the code's rates: there, λ's effect is confounded with theirs. "
        "extensions/fashion-mlp-fixed-lr is the control.",
    ),
    Disagreement(
        "dropping members",
        "A random subset of the members for each test example (section 5).",
        "One subset a repeat, for the whole test set.",
        "A spec may ask for both; the paper's is shown first, a switch shows the other.",
    ),
    Disagreement(
        "means over examples",
        "Error rates on the test set.",
        "Means of the batches' means: a short last batch counts as much as a whole one.",
        "Sums over examples, divided once.",
    ),
    Disagreement(
        "error bars",
        "Standard errors over trials (Figure 4).",
        "Standard deviations with ddof = 0: too short by 11 % with 5 seeds, by 18 % with 3.",
        "95 % t intervals over seeds, ddof = 1.",
    ),
    Disagreement(
        "validation set of DenseNets",
        "Speaks of test errors alone (Table 2).",
        "Without early stopping, what is called the validation set is the test set.",
        "paper/cifar100-densenet tests the final epoch and selects none; a best λ picked by test error says so.",
    ),
    Disagreement(
        "bagging as the remedy",
        "Where end-to-end training fails, bagging or independent training is suggested (section 7).",
        "Bagging has the highest error of all six rows, in every column (Table 2).",
        "Claims D23 and D24 of paper/cifar100-densenet judge it.",
        "itself",
    ),
    Disagreement(
        "penalty and capacity",
        "High capacity models do better when trained independently (section 4).",
        "The error at λ = 1 minus that at λ = 0 is +4.6, +5.8 and +4.3 points for DN-Low, DN-Mid and DN-High "
        "(Table 2): not monotone.",
        "The page of paper/cifar100-densenet gives the differences with their intervals.",
        "itself",
    ),
    Disagreement(
        "order of close errors",
        "Orders 10.3 and 10.2 % (section 4), and 19.9 and 20.0 % (Table 2).",
        "One error rate of 10 % on 10,000 images has a binomial standard error of 0.30 points, one of 20 % of 0.40.",
        "Orders are paired over seeds and corrected; close numbers come out inconclusive.",
        "what can be known",
    ),
    Disagreement(
        "gradient at λ = 0",
        "Independent training has its learning rate scaled by 1/M (Definition 1).",
        "The rate is multiplied by M to make up for it: 0.02·M.",
        "The loss is the paper's, and the specs in paper/ take the code's rates.",
    ),
    Disagreement(
        "bagging and stacking",
        "Compared with (Figure 2, Table 2), without settings.",
        "No settings either.",
        "Ours: a bootstrap resample for each bagged member; a linear softmax combiner on held-out logits for stacking.",
    ),
    Disagreement(
        "sizes of ConvNets",
        "From 70,000 parameters to 1.2 million (Figure 4), without the networks.",
        "One network, of 291,000 parameters with 100 classes.",
        "paper/cifar100-convnet takes that network with its widths times 0.5, 1, 1.5 and 2.",
    ),
)
"""In the order in which a reader of the paper meets them, its figures first."""


def table() -> DisplayTable:
    """The ledger as the page shows it."""
    headers = ("topic", "the paper", "disagrees with", "which says", "ensweep")
    rows = [(entry.topic, entry.paper, entry.against, entry.other, entry.here) for entry in LEDGER]
    return DisplayTable(headers, rows, total=len(rows))
