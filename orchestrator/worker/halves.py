"""Stacks that run out of memory: several trials are trained in halves from then on, and one alone gets one more chance.

Batch sizes are never touched.
"""

from collections.abc import Iterator

from orchestrator.planning.plan import PlannedStack
from orchestrator.stores.store import Store

MARK = "out-of-memory"
"""Lies beside the checkpoint of a stack that ran out of memory once."""
HALVED, SINGLY = b"halved", b"singly"
"""What the mark of a stack of several says of how it is trained since."""


def parts(stack: PlannedStack, store: Store) -> Iterator[PlannedStack]:
    """The stacks that a group of trials is trained in, one after the other.

    Itself; and the halves of what ran out of memory, be it before or just now, between two steps of this iterator.
    """
    if not _below(stack, store):
        yield stack
    for part in _below(stack, store):
        yield from parts(part, store)


def may_try_again(stack: PlannedStack, store: Store) -> bool:
    """Whether a stack that ran out of memory may try again; remembered in the store, whoever asks.

    A trial alone may the first time. Several may, since :func:`parts` gives halves of them from now on.
    """
    return store.checkpoint(stack.id).create(MARK, HALVED if len(stack.trials) > 1 else b"") or len(stack.trials) > 1


def may_try_again_after_a_kill(stack: PlannedStack, store: Store) -> bool:
    """The same of a stack whose process was killed because the machine's memory ran low.

    Which of its parts that was, nobody can say: its trials are trained one by one from now on. As all take the same
    memory, the next such death ends the stack.
    """
    if len(stack.trials) == 1:
        return may_try_again(stack, store)
    if _mark(stack, store) == SINGLY:
        return False
    store.checkpoint(stack.id).replace(MARK, SINGLY)
    return True


def forget(stack: PlannedStack, store: Store) -> None:
    """Give a stack its second chance back, once it is decided."""
    store.checkpoint(stack.id).delete([MARK])


def remove_checkpoints(stack: PlannedStack, store: Store) -> None:
    """Forget the checkpoints of a stack that is committed, and of the stacks that it was divided into."""
    for part in _below(stack, store):
        remove_checkpoints(part, store)
    store.remove_checkpoint(stack.id)


def _below(stack: PlannedStack, store: Store) -> tuple[PlannedStack, ...]:
    """What a stack of several is divided into; nothing where it never ran out of memory."""
    mark = _mark(stack, store)
    return () if mark is None else stack.singles() if mark == SINGLY else stack.halves()


def _mark(stack: PlannedStack, store: Store) -> bytes | None:
    """How a stack of several is divided; None where it is not, and for a trial alone."""
    if len(stack.trials) == 1:
        return None
    try:
        return store.checkpoint(stack.id).read(MARK)
    except FileNotFoundError:
        return None
