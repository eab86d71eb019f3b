"""A cache of results per :class:`Frames` object, which dies with the object."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from reports.frames.frames import Frames

Asked = ParamSpec("Asked")
Found = TypeVar("Found")


def remembered(find: Callable[Concatenate[Frames, Asked], Found]) -> Callable[Concatenate[Frames, Asked], Found]:
    """Cache a function of frames and further arguments, per frames and arguments.

    Callers share the results, and must not change them.
    """
    known: WeakKeyDictionary[Frames, dict[object, Found]] = WeakKeyDictionary()

    @wraps(find)
    def look_up(frames: Frames, /, *names: Asked.args, **more: Asked.kwargs) -> Found:
        own = known.setdefault(frames, {})
        key = (names, tuple(sorted(more.items())))
        if key not in own:
            own[key] = find(frames, *names, **more)
        return own[key]

    return look_up
