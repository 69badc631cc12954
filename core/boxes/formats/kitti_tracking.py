"""KITTI tracking: label_02/<drive>.txt, a line a box of any frame (cvlibs.net).

frame, track, then as an object's line; truncation is a level 0, 1 or 2; DontCare has the track -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.base.words import counted
from core.boxes.formats.kitti_lines import (
    Line,
    Rows,
    calib_text,
    level,
    line_of,
    rows_of,
    table_of,
    tr_of,
)
from core.boxes.formats.source import MEND, Found, Written, apart, numbers, text_of, whole
from core.boxes.names import Names
from core.boxes.table import Boxes
from core.data.calibration import Calibration

_MOST = 2**31 - 1
_REGION = (
    "-1 DontCare -1 -1 -10.000000 {:.6f} {:.6f} {:.6f} {:.6f} -1000.000000 -1000.000000 "
    "-1000.000000 -10.000000 -1.000000 -1.000000 -1.000000"
)


def read(file: Path, calibration: Calibration, names: Names) -> Found:
    """The boxes of a drive by frame ("0", "1", ...); frames without a line are not named.

    Raises DataError, which names the line, for what is no such file, for two boxes of a frame with
    one track, and where the calibration does not place the boxes.
    """
    lines: dict[int, list[Line]] = {}
    for number, text in enumerate(text_of(file).splitlines(), 1):
        words, where = text.split(), f"{file}, line {number}"
        if not words:
            continue
        if len(words) not in (17, 18):
            raise DataError(f"{where} has {len(words)} columns: a label has 17, a result 18.", MEND)
        frame, track = numbers(words[:2], where)
        frame = whole(frame, 0, _MOST, "the frame", where)
        track = whole(track, -1, _MOST, "the track", where)
        line = line_of(words[2:], where, "" if track < 0 else str(track))
        lines.setdefault(frame, []).append(line)
    tr, frames = tr_of(calibration, file), {}
    for frame, found in sorted(lines.items()):
        places = ((line.track, line.where.rpartition(", ")[2]) for line in found)
        apart(places, str(frame), file)
        frames[str(frame)] = table_of(found, tr, names, levels=True, file=file)
    return Found(frames, ())


def calib(calibration: Calibration) -> str:
    """The text of the file of calib that goes with them."""
    return calib_text(calibration, "R_rect", "Tr_velo_cam")


def written(
    frames: Mapping[int, Boxes],
    calibration: Calibration,
    names: Sequence[str],
    size: tuple[int, int] | None = None,
) -> Written:
    """The text of a drive's labels, of results where any box has a score; DontCare comes first in
    its frame. Tracks that are no numbers are numbered behind those that are."""
    numbered = _numbers(frames.values())
    scored = any(not np.isnan(boxes.score).all() for boxes in frames.values())
    lines: list[str] = []
    notes: dict[str, None] = {}
    for frame, boxes in sorted(frames.items()):
        rows = rows_of(boxes, calibration, names, size)
        notes |= {f"frame {frame}: {note}": None for note in rows.notes}
        lines += [f"{frame} {_REGION.format(*region)}" for region in rows.regions]
        lines += _lines(frame, rows, numbered, scored)
    anew = [track for track, number in numbered.items() if track and track != str(number)]
    if anew:
        said = f"{counted(len(anew), 'track')} had names that are no numbers: numbered anew."
        notes |= {said: None}
    return Written("".join(f"{line}\n" for line in lines), tuple(notes))


def _lines(frame: int, rows: Rows, numbered: Mapping[str, int], scored: bool) -> list[str]:
    made = []
    columns = (rows.types, rows.values, rows.scores, rows.tracks)
    for type, values, score, track in zip(*columns, strict=True):
        words = [str(frame), str(numbered[track]), type, f"{level(values[0]):.0f}"]
        words += [f"{values[1]:.0f}", *(f"{v:.6f}" for v in values[2:])]
        if scored:
            words.append("1" if np.isnan(score) else f"{score:.6f}")
        made.append(" ".join(words))
    return made


def _numbers(tables: Iterable[Boxes]) -> dict[str, int]:
    """The number of each track, -1 of none."""
    tracks = list(dict.fromkeys(track for boxes in tables for track in boxes.track.tolist()))
    own = {t: int(t) for t in tracks if t.isascii() and t.isdecimal() and str(int(t)) == t}
    own = {track: number for track, number in own.items() if number <= _MOST}
    free = max(own.values(), default=-1) + 1
    others = [track for track in tracks if track and track not in own]
    return {"": -1, **own, **{track: free + place for place, track in enumerate(others)}}
