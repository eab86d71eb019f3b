"""A plan as text and as rows, for ``plan`` and ``status``."""

from orchestrator.plan import Plan, State

SIGNS: dict[State, str] = {"complete": "x", "todo": ".", "failed": "F", "diverged": "D"}
"""One character a trial in the matrix of :func:`describe_plan`."""


def plan_rows(plan: Plan) -> list[dict[str, object]]:
    """One row a planned trial: id, cell, learning rate, state."""
    return [
        {
            "trial_id": trial.id,
            "architecture": trial.architecture,
            "method": trial.spec.method,
            "lambda": trial.spec.lam,
            "seed": trial.spec.seed,
            "learning_rate": trial.spec.training.learning_rate,
            "total_parameters": trial.spec.total_parameters,
            "state": state,
        }
        for trial, state in plan.states
    ]


def describe_plan(plan: Plan) -> str:
    """A matrix of architectures by λ, one sign a seed."""
    cells: dict[tuple[str, float], list[tuple[int, str]]] = {}
    for trial, state in plan.states:
        cells.setdefault((trial.architecture, trial.spec.lam), []).append((trial.spec.seed, SIGNS[state]))
    architectures = list(dict.fromkeys(name for name, _ in cells))
    lams = sorted({lam for _, lam in cells})
    rows = [["", *(f"λ={lam:g}" for lam in lams)]]
    rows += [
        [name, *("".join(sign for _, sign in sorted(cells.get((name, lam), []))) for lam in lams)]
        for name in architectures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(lams) + 1)]
    table = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return f"{table}\n\none sign a seed: x complete, . to do, D diverged, F failed"
