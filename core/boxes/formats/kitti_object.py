"""KITTI object: label_2/<frame>.txt, a line a box, and results with a score behind (cvlibs.net).

type, truncated 0..1, occluded 0..3, alpha, left top right bottom, h w l, x y z of the middle of the
lower side in the rectified camera 0, rotation_y[, score].
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.base.errors import DataError
from core.boxes.formats.kitti_lines import calib_text, line_of, rows_of, table_of, tr_of
from core.boxes.formats.source import MEND, Written, text_of
from core.boxes.names import Names
from core.boxes.table import Boxes
from core.data.calibration import Calibration

_REGION = "DontCare -1 -1 -10 {:.2f} {:.2f} {:.2f} {:.2f} -1 -1 -1 -1000 -1000 -1000 -10"


def read(file: Path, calibration: Calibration, names: Names) -> Boxes:
    """The boxes of a label or result file, those of DontCare as regions of the picture.

    Raises DataError, which names the line, for what is no such file, and where the calibration does
    not place the boxes.
    """
    lines = []
    for number, text in enumerate(text_of(file).splitlines(), 1):
        words, where = text.split(), f"{file}, line {number}"
        if not words:
            continue
        if len(words) not in (15, 16):
            raise DataError(f"{where} has {len(words)} columns: a label has 15, a result 16.", MEND)
        lines.append(line_of(words, where))
    return table_of(lines, tr_of(calibration, file), names, levels=False, file=file)


def calib(calibration: Calibration) -> str:
    """The text of the file of calib that goes with them."""
    return calib_text(calibration, "R0_rect:", "Tr_velo_to_cam:")


def written(
    boxes: Boxes,
    calibration: Calibration,
    names: Sequence[str],
    size: tuple[int, int] | None = None,
) -> Written:
    """The text of a label file; of one with results where any box has a score.

    `size` is the width and height of the picture. Numbers have two decimals, as KITTI's; a score
    has six, of a box without one it is 1. DontCare comes last.
    """
    rows, scored = rows_of(boxes, calibration, names, size), not np.isnan(boxes.score).all()
    lines = []
    for type, values, score in zip(rows.types, rows.values, rows.scores, strict=True):
        words = [type, f"{values[0]:.2f}", f"{values[1]:.0f}", *(f"{v:.2f}" for v in values[2:])]
        if scored:
            words.append("1" if np.isnan(score) else f"{score:.6f}")
        lines.append(" ".join(words))
    lines += [_REGION.format(*region) for region in rows.regions]
    notes = rows.notes
    if (boxes.track != "").any():
        notes = (*notes, "KITTI's object labels have no tracks: they are not written.")
    return Written("".join(f"{line}\n" for line in lines), notes)
