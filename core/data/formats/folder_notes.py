"""What a plain folder's files make one say: how their columns were taken, what was left aside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.data.clouds import las, pcd

_LOOKED_AT = 20  # files whose header is read
_SHOWN = 3


def of_las(name: str, path: Path) -> list[str]:
    """What the labels of a LAS file are taken for."""
    try:
        labels = las.labels(path)
    except DataError:  # told where the scan is read
        return []
    if labels is None:
        return []
    ids = ", ".join(map(str, np.unique(labels & 0xFFFF)[:12]))
    return [
        f"{name}: its classification ({ids}) is taken for the raw ids of the class list; "
        "where it means something else, change the list's raw_ids."
    ]


def of_viewpoints(paths: Sequence[Path]) -> list[str]:
    """A sentence where headers of .pcd files tell another place of the sensor than the origin."""
    places = np.unique(np.linspace(0, len(paths) - 1, min(len(paths), _LOOKED_AT)).astype(int))
    for path in (paths[at] for at in places):
        try:
            found = pcd.viewpoint(path)
        except DataError:  # told where the scan is read
            continue
        if found is not None:
            told = " ".join(f"{number:g}" for number in found)
            return [
                f"{path.name} has the VIEWPOINT {told}: its points are taken as they stand, as "
                "from a sensor at their origin (PCL keeps there where the sensor was, and does not "
                "move the points); where they are a map's, move them to the sensor first."
            ]
    return []


def of_texts(names: Sequence[str], sequence: str) -> list[str]:
    """A sentence on texts that are taken for no scans, for there are surer ones beside them."""
    if not names:
        return []
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    where = "the folder" if sequence == "." else sequence
    one = len(names) == 1
    return [
        f"{', '.join(names[:_SHOWN])}{more} in {where} {'is' if one else 'are'} taken for no "
        f"scan{'' if one else 's'}, for there are point files of a surer kind; where "
        f"{'it is' if one else 'they are'}, move {'it' if one else 'them'} to a folder of "
        f"{'its' if one else 'their'} own."
    ]


def of_folders(names: Sequence[str], sequence: str) -> list[str]:
    """A sentence on folders whose files have the names of a sequence's scans."""
    if not names:
        return []
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    where = "the folder" if sequence == "." else sequence
    return [
        f"The files in {', '.join(names[:_SHOWN])}{more} have the names of scans in {where}: they "
        "are taken for no scans; where they are, move them to a folder of their own elsewhere."
    ]
