"""What others install beside the program: formats, strategies. A broken one harms nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass
class Installed(Generic[T]):
    """What can be used, by name; and for each that cannot, by name, a sentence that says why."""

    usable: dict[str, T] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)


def installed(kind: str, group: str, own: dict[str, T], made: Callable[[Any], T]) -> Installed[T]:
    """Our `own` and those of the entry point `group`, which never replace them.

    `kind` is what one is called. `made` turns what an entry point names into what we use; it
    raises where that cannot be.
    """
    from importlib import metadata

    found = Installed(dict(own))
    for point in metadata.entry_points(group=group):
        try:
            if point.name in own:
                raise ValueError("LidarLoop has one of that name")
            if not re.fullmatch(r"\w[\w .-]*", point.name):
                raise ValueError("its name is no name of a folder")
            found.usable[point.name] = made(point.load())
        except (Exception, SystemExit) as error:  # another's code may fail in any way
            reason = " ".join(str(error).split()) or type(error).__name__
            found.broken[point.name] = (
                f"The installed {kind} {point.name} ({point.value}) cannot be used: {reason}."
            )
    return found
