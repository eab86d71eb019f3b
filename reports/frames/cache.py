"""What is asked of one store again and again is found once, and forgotten with its frames."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from reports.frames.frames import Frames

Asked = ParamSpec("Asked")
Found = TypeVar("Found")


def remembered(find: Callable[Concatenate[Frames, Asked], Found]) -> Callable[Concatenate[Frames, Asked], Found]:
    """A function of frames and names, computed once for each; who asks must not change what it returns."""
    known: WeakKeyDictionary[Frames, dict[object, Found]] = WeakKeyDictionary()

    @wraps(find)
    def look_up(frames: Frames, /, *names: Asked.args, **more: Asked.kwargs) -> Found:
        own = known.setdefault(frames, {})
        key = (names, tuple(sorted(more.items())))
        if key not in own:
            own[key] = find(frames, *names, **more)
        return own[key]

    return look_up
