"""A plan as text and as rows, for ``plan`` and ``status``."""

from orchestrator.planning.plan import Plan, State
from specs import lambdas
from specs.methods import JOINT
from specs.sweep import PlannedTrial

SIGNS: dict[State, str] = {"complete": "x", "todo": ".", "failed": "F", "diverged": "D"}
"""The character of a trial in the matrix of :func:`describe_plan`, by its state."""


def plan_rows(plan: Plan) -> list[dict[str, object]]:
    """One row per planned trial: id, cell, learning rate, parameters and state."""
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
    """A matrix with a row per architecture, columns for λs and then baselines, and one sign per seed."""
    with lambdas.told_apart(trial.spec.lam for trial, _ in plan.states):
        return _matrix(plan)


def _matrix(plan: Plan) -> str:
    cells: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for trial, state in plan.states:
        cells.setdefault((trial.architecture, column_of(trial)), []).append((trial.spec.seed, SIGNS[state]))
    architectures = list(dict.fromkeys(name for name, _ in cells))
    order = {column_of(trial): (trial.spec.method != JOINT, trial.spec.lam) for trial, _ in plan.states}
    columns = sorted(order, key=lambda column: order[column])
    rows = [["", *columns]]
    rows += [
        [name, *("".join(sign for _, sign in sorted(cells.get((name, column), []))) for column in columns)]
        for name in architectures
    ]
    widths = [max(len(row[position]) for row in rows) for position in range(len(columns) + 1)]
    table = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return f"{table}\n\none sign a seed: x complete, . to do, D diverged, F failed"


def column_of(trial: PlannedTrial) -> str:
    """The column of a trial in the matrix: ``λ=0.95``, or its method."""
    return f"λ={lambdas.written(trial.spec.lam)}" if trial.spec.method == JOINT else trial.spec.method
