"""One file a figure or table: ``data`` does the statistics, ``draw`` the marks, ``title`` states the finding."""

from reports.figures import (
    best_lambda,
    calibration,
    capacities,
    dominance,
    droppable,
    early_ranks,
    error_against_lambda,
    error_by_method,
    error_table,
    filters,
    losses,
    member_errors,
    robustness,
)

FIGURES = tuple(
    module.FIGURE
    for module in (
        error_by_method,
        error_against_lambda,
        capacities,
        error_table,
        best_lambda,
        filters,
        member_errors,
        dominance,
        early_ranks,
        robustness,
        droppable,
        losses,
        calibration,
    )
)
"""In the paper's order; what is ours stands beside what it adds to."""
