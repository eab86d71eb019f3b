"""Handling of stacks that run out of memory.

Several trials are trained in halves from then on. A single trial gets one more try, which spares memory. Batch sizes
never change.
"""

from collections.abc import Iterator

from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store

MARK = "out-of-memory"
"""Name of a file beside the checkpoint of a stack that ran out of memory once."""
HALVED, SINGLY = b"halved", b"singly"
"""Contents of that file for a stack of several trials: how they are trained since. For a single trial it is empty."""


def parts(stack: PlannedStack, store: Store) -> Iterator[PlannedStack]:
    """The stacks in which a group of trials is trained, one after the other.

    The first is the group itself, unless it ran out of memory before. Its parts follow if it ran out of memory, be it
    before or just now, between two steps of this iterator.
    """
    if not _below(stack, store):
        yield stack
    for part in _below(stack, store):
        yield from parts(part, store)


def may_try_again(stack: PlannedStack, store: Store) -> bool:
    """Record in the store that a stack ran out of memory; returns whether it may be tried again.

    A single trial may be tried again once. Several trials always may, since :func:`parts` halves them from now on.
    """
    return store.checkpoint(stack.id).create(MARK, HALVED if len(stack.trials) > 1 else b"") or len(stack.trials) > 1


def may_try_again_after_a_kill(stack: PlannedStack, store: Store) -> bool:
    """Do the same for a stack whose process was killed because the machine's memory ran low.

    It is not known which part of the stack was being trained, so its trials are trained one by one from now on. All of
    them take the same memory, so the next such kill ends the stack.
    """
    if len(stack.trials) == 1:
        return may_try_again(stack, store)
    if _mark(stack, store) == SINGLY:
        return False
    store.checkpoint(stack.id).replace(MARK, SINGLY)
    return True


def must_spare_memory(stack: PlannedStack, store: Store) -> bool:
    """Whether a stack is a single trial that ran out of memory once, so that this is its last try."""
    return len(stack.trials) == 1 and _mark(stack, store) is not None


def forget(stack: PlannedStack, store: Store) -> None:
    """Remove the mark of a stack that is decided, so that it gets its second try again if it ever runs again."""
    store.checkpoint(stack.id).delete([MARK])


def remove_checkpoints(stack: PlannedStack, store: Store) -> None:
    """Remove the checkpoints of a committed stack, and of the stacks that it was divided into."""
    for part in _below(stack, store):
        remove_checkpoints(part, store)
    store.remove_checkpoint(stack.id)


def _below(stack: PlannedStack, store: Store) -> tuple[PlannedStack, ...]:
    """The stacks that a stack of several is divided into; empty if it never ran out of memory."""
    if len(stack.trials) == 1:
        return ()
    mark = _mark(stack, store)
    return () if mark is None else stack.singles() if mark == SINGLY else stack.halves()


def _mark(stack: PlannedStack, store: Store) -> bytes | None:
    """How a stack is divided, empty for a single trial; None if it never ran out of memory."""
    try:
        return store.checkpoint(stack.id).read(MARK)
    except FileNotFoundError:
        return None
