"""Which dataset a folder holds, when nobody said its format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.base.errors import DataError
from core.data.formats import format_named, formats
from core.data.formats.format import Format
from core.data.listing import folders_in, scans_of, sequences_of
from core.data.names import is_hidden

_MOST_FOLDERS = 1000


@dataclass(frozen=True)
class DatasetFolder:
    """A folder with scans in a known layout: how many there are, and how many have labels."""

    format: str
    root: Path
    sequences: tuple[str, ...]
    scans: int
    labelled: int


def recognise(folder: Path) -> DatasetFolder | None:
    """Say what a folder holds, looking also one level above and below, and where there is nothing
    further down; or what a file holds, such as a bag. None if no scans."""
    if not folder.is_dir():
        files = (layout for layout in formats().values() if layout.is_root(folder))
        return next((_holds(layout, folder) for layout in files), None)
    inside = folders_in(folder)
    known = [layout for layout in formats().values() if layout.name not in ("folder", "bag")]
    for root in (folder, folder.parent, *inside):
        for layout in known:
            found = _holds(layout, root) if layout.recognises(root) else None
            if found is not None and (root != folder.parent or _is_of(found, layout, folder)):
                return found
    # A plain folder is what no other format knows, and only what was named: any has a neighbour
    # with some .bin.
    plain = format_named("folder")
    found = _holds(plain, folder) if plain.recognises(folder) else None
    if found is not None:
        return found
    # Scans that were taken out of a bag often lie beside it: they are what is meant.
    bags = format_named("bag")
    for root in (folder, *inside):
        if bags.recognises(root):
            return _holds(bags, root)
    deeper = below(folder, plain)
    return None if deeper is None else _holds(plain, deeper)


def _holds(layout: Format, root: Path) -> DatasetFolder | None:
    """What a root has in a layout, None where it has no scan."""
    scans = {name: scans_of(layout, root, name) for name in sequences_of(layout, root)}
    scans = {name: found for name, found in scans.items() if found}
    if not scans:
        return None
    every = [scan for found in scans.values() for scan in found]
    # A format that must read a label file to tell whether it is there is asked once a sequence.
    tells = type(layout).has_labels is not Format.has_labels
    labelled = sum(
        layout.has_labels(root, scan) if tells else len(found) * layout.has_labels(root, found[0])
        for found in scans.values()
        for scan in (found if tells else found[:1])
    )
    return DatasetFolder(layout.name, root, tuple(scans), len(every), labelled)


def _is_of(found: DatasetFolder, layout: Format, folder: Path) -> bool:
    """Whether a folder is a part of the dataset that lies in the one above: it holds scans of it,
    or nothing that a plain folder has."""
    if not format_named("folder").sequences(folder):
        return True
    inside = f"{folder.name}/"
    scans = (scans_of(layout, found.root, sequence) for sequence in found.sequences)
    return any(scan.startswith(inside) for some in scans for scan in some)


def below(folder: Path, layout: Format) -> Path | None:
    """The first folder further down that holds scans in a layout, None where none of the first
    thousand does."""
    waiting, seen = [folder], 0
    while waiting and seen < _MOST_FOLDERS:
        place = waiting.pop(0)
        seen += 1
        try:
            inside = [path for path in folders_in(place) if not is_hidden(path.name)]
            names = sequences_of(layout, place) if place != folder else ()
            if any(scans_of(layout, place, name) for name in names):
                return place
        except (OSError, DataError):  # somebody else's folder
            continue
        waiting += inside
    return None
