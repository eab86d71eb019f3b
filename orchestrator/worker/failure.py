"""The end of a stack that failed: what a worker commits, and a driver where the worker is no more."""

from orchestrator.base.redaction import redact
from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store
from orchestrator.worker import halves
from orchestrator.worker.journal import Journal
from specs.format.commits import Commit


def commit_failure(stack: PlannedStack, store: Store, cause: str, message: str) -> None:
    """Decide that the trials of a stack failed, without the secrets that an error's text may hold."""
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
