"""One file a figure: ``data`` does the statistics, ``draw`` the marks, ``title`` states the finding."""

from reports.figures import dominance, error_against_lambda, losses, robustness

FIGURES = (error_against_lambda.FIGURE, dominance.FIGURE, robustness.FIGURE, losses.FIGURE)
"""In the paper's order."""
