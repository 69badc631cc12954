"""Items: what is asked about. A unit of a scan, "<scan>#<part>", a point, or a whole scan."""

from __future__ import annotations

import re

# A cluster, a ground cell; later units have letters of their own.
_PART = re.compile(r"[a-z](-?\d+(,-?\d+)?)?")
# Folders that every scan of a layout lies in.
_ALIKE = frozenset(("sequences", "velodyne", "velodyne_points", "data"))


def split_item(item: str) -> tuple[str, str]:
    """The scan of an item and the part of it that is meant, "" for all of it.

    A "#" in the name of a scan is no part: "a#1" is a scan, "a#1#c7" its cluster of row 7.
    """
    scan, mark, part = item.rpartition("#")
    return (scan, part) if mark and _PART.fullmatch(part) else (item, "")


def scan_of(item: str) -> str:
    """Name of the scan that an item lies in, or is."""
    return split_item(item)[0]


def point_of(item: str) -> int | None:
    """The row of an item that is one point, "<scan>#p<row>"; None for any other item."""
    part = split_item(item)[1]
    return int(part[1:]) if re.fullmatch(r"p\d+", part) else None


def short_name(scan: str) -> str:
    """A scan's or its folder's name for people, without the folders that all of a layout have:
    "08/000123" of "sequences/08/velodyne/000123"."""
    return "/".join(part for part in scan.split("/") if part not in _ALIKE) or scan
