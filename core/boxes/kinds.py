"""What is known of a class's things before any is seen: size, limits of overlap, neighbour."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from core.boxes.names import plain
from core.data.classes import ClassList


@dataclass(frozen=True)
class Kind:
    """Mean `size` (length, width, height) in metres, None where nothing is known of the class; the
    IoU above which a found box is right, `strict` and `loose`; the class id `neighbour` whose
    things are neither right nor wrong for this one, None of none; and the `name` by which all this
    is known, "" where nothing is."""

    size: tuple[float, float, float] | None
    strict: float = 0.5
    loose: float = 0.25
    neighbour: int | None = None
    name: str = ""


def kinds_of(classes: ClassList) -> tuple[Kind, ...]:
    """The kind of each class of a list, by the name it has or had."""
    return kinds(classes.names, classes.name, classes.was)


def kinds(
    names: Sequence[str], list_name: str = "", was: Sequence[Sequence[str]] = ()
) -> tuple[Kind, ...]:
    """The kind of each class, by its name, else by the last of those that it had (`was`: a
    sequence per class, or none at all); of a list called `list_name` its own kinds first."""
    stored = _stored()
    known = {name: about for table in stored.values() for name, about in table.items()}
    known |= stored.get(list_name, {})
    called = [
        [plain(n) for n in (name, *reversed(was[id] if was else ()))]
        for id, name in enumerate(names)
    ]
    by = [next((name for name in mine if name in known), "") for mine in called]
    # Of two that are known by one name it is the one that has it now.
    ids = {name: id for id, name in enumerate(by) if name}
    ids |= {name: id for id, name in enumerate(by) if called[id][0] == name}
    return tuple(_kind(name, known[name], ids) if name else Kind(None) for name in by)


def _kind(name: str, about: Any, ids: dict[str, int]) -> Kind:
    length, width, height = about["size"]
    strict, loose = about["iou"]
    neighbour = ids.get(about.get("neighbour", ""))
    return Kind((length, width, height), strict, loose, neighbour, name)


@cache
def _stored() -> dict[str, dict[str, Any]]:
    text = (files("resources") / "boxes.toml").read_text(encoding="utf-8")
    # Of two lists with one name the first counts, where the list is neither.
    tables = tomllib.loads(text)
    return {name: tables[name] for name in ("others", "nuscenes", "kitti")}


def sizes_of(classes: ClassList) -> tuple[tuple[float, float, float] | None, ...]:
    """The mean size of each class of a list that things of a size have; None for one that boxes are
    not of, or of which nothing is known."""
    found = kinds_of(classes)
    boxed = set(classes.boxed)
    return tuple(kind.size if label in boxed else None for label, kind in enumerate(found))
