"""Names of classes in box files: which class of the project a name means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from core.base.errors import DataError
from core.data.classes import ClassList

_SHOWN, _LETTERS = 5, 40


@dataclass(frozen=True)
class Names:
    """The class names of a project, in the order of their ids, and what else means them.

    Capitals, blanks, dots, hyphens and underscores make no difference: `person-sitting` is KITTI's
    Person_sitting. `also` says which class another name is meant to be ("Tram": "truck").
    """

    names: Sequence[str]
    also: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _ids(self) -> dict[str, int]:
        own = {plain(name): id for id, name in enumerate(self.names)}
        return {**own, **{plain(name): own[plain(to)] for name, to in self.also.items()}}

    def ids(self, found: Sequence[str], where: object) -> list[int]:
        """The class id of each name in a file. Raises DataError that says which are unknown."""
        unknown = sorted({name for name in found if plain(name) not in self._ids})
        if unknown:
            raise DataError(
                f"{where} has boxes of {_classes(unknown)}, which the project's class list does "
                "not have.",
                "Add the class to the list, or say which class of it is meant.",
            )
        return [self._ids[plain(name)] for name in found]


def names_of(classes: ClassList) -> Names:
    """The names of a list's classes; one that a class had before means it still, unless another has
    or had it too."""
    free = _had_by_one(classes)
    before = {
        old: name
        for label, name in enumerate(classes.names)
        for old in classes.names_before(label)
        if plain(old) in free
    }
    return Names(classes.names, before)


def _had_by_one(classes: ClassList) -> set[str]:
    """Plain names that no class has now and that just one had before."""
    every = range(len(classes))
    had = Counter(name for c in every for name in {plain(old) for old in classes.names_before(c)})
    own = {plain(name) for name in classes.names}
    return {name for name, count in had.items() if count == 1 and name not in own}


def names_known_as(classes: ClassList, ways: Iterable[str]) -> list[str]:
    """The name of each class by which others know it: its own, or else the last that it had before
    that is among `ways` and that no other has or had."""
    there = {plain(way) for way in ways}
    free = there & _had_by_one(classes)
    return [
        name
        if plain(name) in there
        else next((n for n in reversed(classes.names_before(label)) if plain(n) in free), name)
        for label, name in enumerate(classes.names)
    ]


def spelled(name: str, ways: Iterable[str]) -> str:
    """A name as a format spells it, where it is one of the format's own; else the name with
    underscores for blanks."""
    own = {plain(way): way for way in ways}
    return own.get(plain(name), re.sub(r"\s+", "_", name.strip()))


def plain(name: str) -> str:
    """A name without what makes no difference."""
    return re.sub(r"[\s._-]+", "-", name.strip().casefold())


def _classes(unknown: Sequence[str]) -> str:
    shown = ", ".join(name[:_LETTERS] or '""' for name in unknown[:_SHOWN])
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    return f"the {'class' if len(unknown) == 1 else 'classes'} {shown}{more}"
