"""A dataset from its folder and the names of its sequences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.base.errors import DataError, SettingsError
from core.base.words import is_text
from core.data.formats import format_named
from core.data.formats.format import Format
from core.data.listing import folders_in, scans_of, sequences_of
from core.data.names import in_order, in_span, sequence_and_span, shown, some
from core.data.reading import Reading
from core.data.recognise import below, recognise
from core.data.rig import THE_FILES, Rig
from core.data.scans import Dataset


def open_dataset(
    format: str,
    root: Path,
    train: Sequence[str],
    validation: Sequence[str],
    *,
    intensity_scale: float = 1.0,
    rig: Rig | None = None,
    reading: Reading | None = None,
) -> Dataset:
    """Find the scans of the named sequences.

    A name is a sequence, or SEQUENCE:FIRST-LAST for the scans whose file names lie between. A
    sequence without scans is left out where others have some.
    Raises DataError or SettingsError saying what was expected and what is there.
    """
    layout = format_named(format)
    if not is_text(str(root)):
        raise DataError(
            f"The data root {shown(str(root))} has a name that is not UTF-8.", "Rename the folder."
        )
    reading = reading or Reading()
    if reading.columns:
        layout = layout.with_columns(reading.columns)
    if not layout.is_root(root):
        raise DataError(
            f"The data root {root} does not exist.",
            "Name the folder with the scans; if it moved, correct `root` under [data] in "
            "project.toml.",
        )
    sequences = sequences_of(layout, root)
    if not sequences:
        raise DataError(
            f"{root} holds no scans in {format} layout ({layout.layout}).", _hint(root, layout)
        )
    empty: list[str] = []
    places: dict[str, tuple[str, int]] = {}
    parts = [
        _select(layout, root, sequences, names, empty, places) for names in (train, validation)
    ]
    if not parts[0]:
        if empty:
            odd = _strange_names(layout, root, empty)
            do = odd[0] if odd else "Check the name."
            raise DataError(f"{empty[0]} names no scan below {root}.", do)
        raise SettingsError("No training sequence is named.", f"There are {some(sequences)}.")
    both = sorted(set(parts[0]) & set(parts[1]))
    if both:
        raise SettingsError(
            f"Scan {both[0]} is both in training and in validation.",
            "Name each sequence on one side only.",
        )
    notes = tuple(f"Sequence {name} below {root} is empty: it is left out." for name in empty)
    rig = rig or THE_FILES
    used = dict.fromkeys(sequence_and_span(name, sequences)[0] for name in (*train, *validation))
    notes += _strange_names(layout, root, tuple(used))
    return Dataset(
        layout, root, parts[0], parts[1], intensity_scale, rig, reading, notes, tuple(used),
        places=places,
    )  # fmt: skip


def _strange_names(layout: Format, root: Path, sequences: Sequence[str]) -> tuple[str, ...]:
    """A sentence on the sequences, and the scans of `sequences`, whose names are no text."""
    names = [name for name in layout.sequences(root) if not is_text(name)]
    for sequence in sequences:
        names += [name for name in layout.scans(root, sequence) if not is_text(name)]
    if not names:
        return ()
    told = f"Names that are not UTF-8 are left out, {len(names):,} in all"
    return (f"{told}: {some(sorted(map(shown, names)))}; rename them to use them.",)


def _select(
    layout: Format,
    root: Path,
    sequences: tuple[str, ...],
    names: Sequence[str],
    empty: list[str],
    places: dict[str, tuple[str, int]],
) -> tuple[str, ...]:
    """The scans that `names` name, in order; those without scans go to `empty`, and where each scan
    lies in its sequence to `places`."""
    chosen: set[str] = set()
    for name in names:
        sequence, span = sequence_and_span(name, sequences)
        if sequence not in sequences:
            raise DataError(
                f"There is no sequence {sequence} below {root}.",
                layout.instead(root, sequence) or f"There are {some(sequences)}.",
            )
        scans = scans_of(layout, root, sequence)
        if not scans:
            empty.append(name)
            continue
        lies = {scan: (sequence, place) for place, scan in enumerate(scans)}
        if span is not None:
            scans = in_span(scans, span)
        if not scans:
            raise DataError(f"{name} names no scan below {root}.", "Check the name.")
        chosen.update(scans)
        places.update((scan, lies[scan]) for scan in scans)
    return tuple(sorted(chosen, key=in_order))


def _hint(root: Path, layout: Format) -> str:
    # Above a plain folder others' files lie.
    if not root.is_dir():
        return "Name another file, or a folder."
    above = () if layout.name == "folder" else (root.parent, root.parent.parent)
    for folder in (*above, *folders_in(root)):
        if sequences_of(layout, folder):
            return f"Did you mean {folder}?"
    deeper = below(root, layout)
    if deeper is not None:
        return f"Did you mean {deeper}?"
    known = recognise(root) if layout.name == "folder" else None
    if known is not None and known.root == root:
        return f"They are laid out as --format {known.format}."
    inside = some(sorted(shown(p.name) for p in root.iterdir())) or "nothing"
    return f"Name the folder above that; here there is {inside}."
