"""Commits for a stack that failed. The worker writes them, or the driver if the worker is gone."""

from orchestrator.base.redaction import redact
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from orchestrator.worker import halves
from orchestrator.worker.journal import Journal
from specs.format.commits import Commit


def commit_failure(stack: PlannedStack, store: Store, cause: str, message: str) -> None:
    """Commit the trials left of a stack as failed, with the secrets in the message redacted."""
    journal = Journal(store.logs)
    for trial in stack.left:
        won = store.commit(
            Commit.model_validate(
                {
                    "trial_id": trial.id,
                    "status": "failed",
                    "attempt": "",
                    "files": {},
                    "cause": cause,
                    "message": redact(message),
                    "environment": {},
                }
            )
        )
        journal.note("failed" if won else "late", trial.id, cause=cause)
    halves.forget(stack, store)
