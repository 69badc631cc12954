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
    IoU above which a found box is right, `strict` and `loose`; and the class id `neighbour` whose
    things are neither right nor wrong for this one, None of none."""

    size: tuple[float, float, float] | None
    strict: float = 0.5
    loose: float = 0.25
    neighbour: int | None = None


def kinds(names: Sequence[str], list_name: str = "") -> tuple[Kind, ...]:
    """The kind of each class of a list, by its name; of a list called `list_name` its own first."""
    stored = _stored()
    known = {name: about for table in stored.values() for name, about in table.items()}
    known |= stored.get(list_name, {})
    ids = {plain(name): id for id, name in enumerate(names)}
    return tuple(_kind(known.get(plain(name)), ids) for name in names)


def _kind(about: Any, ids: dict[str, int]) -> Kind:
    if about is None:
        return Kind(None)
    length, width, height = about["size"]
    strict, loose = about["iou"]
    return Kind((length, width, height), strict, loose, ids.get(about.get("neighbour", "")))


@cache
def _stored() -> dict[str, dict[str, Any]]:
    text = (files("resources") / "boxes.toml").read_text(encoding="utf-8")
    # Of two lists with one name the first counts, where the list is neither.
    tables = tomllib.loads(text)
    return {name: tables[name] for name in ("others", "nuscenes", "kitti")}


def sizes_of(classes: ClassList) -> tuple[tuple[float, float, float] | None, ...]:
    """The mean size of each class of a list that things of a size have; None for one that boxes are
    not of, or of which nothing is known."""
    found = kinds(classes.names, classes.name)
    boxed = set(classes.boxed)
    return tuple(kind.size if label in boxed else None for label, kind in enumerate(found))
