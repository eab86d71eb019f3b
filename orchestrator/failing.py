"""The end of a stack that failed: what a worker commits, and a driver where the worker is no more."""

from orchestrator import memory
from orchestrator.journal import Journal
from orchestrator.plan import Task
from orchestrator.redaction import redact
from orchestrator.store import Store
from specs.layout import Commit


def commit_failure(task: Task, store: Store, cause: str, message: str) -> None:
    """Decide that the trials of a stack failed, without the secrets that an error's text may hold."""
    journal = Journal(store.logs)
    for trial in task.left:
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
    memory.forget(task, store)
