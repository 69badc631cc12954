"""Whether a few scans look like what they are taken for; each doubt in a sentence with its mend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.base.errors import DataError, SettingsError
from core.data.classes import ClassList
from core.data.returns import AT_SENSOR_M, are_returns
from core.data.rig import AS_IT_IS
from core.data.rows import Rows, ordinary, rows_of
from core.data.scans import Dataset
from core.data.stance import guess_stance

_LOOKED_AT = 5
_LEAST = 50  # returns of a scan, to say anything
_SAMPLE = 20_000
_REFUSED_M, _DOUBTED_M, _SMALL_M = 20_000.0, 2_000.0, 1.0
_FAR_M, _TIMES_OFF = 300.0, 3.0
_STEP_M = 0.05  # between neighbouring numbers of float32
_KNOWN_ROWS = {4: "x y z intensity", 5: "x y z intensity ring"}
_EARTH_M = (6.33e6, 6.42e6)
_NO_RETURNS = 0.005
_SCRAMBLED = 0.05
_TILTED_DEG = 12.0  # a street may be steep


@dataclass(frozen=True)
class Judgement:
    """What a few scans showed.

    Attributes
    ----------
    columns : the columns that were found, by name; () where the format does not know them
    origin : metres to be taken off x, y, z, in the files' axes; zeros where they are small
    notes : a sentence for each doubt, and for what is left out
    proposed : what `--columns` should say, "" where the columns fit
    refused : why the data cannot be right as they are read, and the mend; None where they can
    about : what mends that: "columns", "unit" or "", the files themselves
    """

    columns: tuple[str, ...]
    origin: tuple[float, float, float]
    notes: tuple[str, ...]
    proposed: str = ""
    refused: SettingsError | None = None
    about: str = ""


def judge(
    dataset: Dataset, *, classes: ClassList | None = None, sensor_height_m: float = 1.723
) -> Judgement:
    """Look at up to five scans spread over the data, with `classes` at their labels, and at all
    poses. Raises nothing but for a folder of which no scan can be read: DataError of the first."""
    scans = _spread(dataset)
    notes = [*dataset.notes, *_empty(dataset)]
    for sequence in dataset.sequences:
        notes += dataset.format.notes(dataset.root, sequence)
    notes = list(dict.fromkeys(notes))  # of several sequences some say the same
    seen: list[tuple[str, np.ndarray]] = []
    first: DataError | None = None
    for scan in scans:
        wrong = _wrong_rows(dataset, scan)
        if wrong is not None:
            found, error = wrong
            return Judgement(
                found.columns, (0.0, 0.0, 0.0), tuple(notes), found.said, error, "columns"
            )
        try:
            seen.append((scan, dataset.format.points(dataset.root, scan)))
        except DataError as error:
            first = first or error
            notes.append(f"{error.what} It is left out: {error.do}")
            continue
        try:
            if classes is not None:
                dataset.ground_truth(scan, classes, count=len(seen[-1][1]))
        except DataError as error:
            notes.append(f"{error.what} {error.do}")
    if first is not None and not seen:
        raise first
    columns = dataset.format.columns(dataset.root, seen[0][0]) if seen else ()
    verdict = _of_coordinates(dataset, seen, sensor_height_m)
    return replace(verdict, columns=columns, notes=(*notes, *verdict.notes))


def judge_stance(dataset: Dataset) -> tuple[str, ...]:
    """A sentence where z is not up in the scans as the project's rig turns them, else none."""
    scans = []
    for scan in _spread(dataset)[:: (_LOOKED_AT + 1) // 2]:
        try:
            scans.append(dataset.scan(scan).points)
        except DataError:  # told where it is needed
            continue
    stance = guess_stance(scans)
    if stance is None or stance.tilt_deg < _TILTED_DEG:
        return ()
    turned = "" if dataset.rig.axes == AS_IT_IS else f" after rig.axes = {dataset.rig.axes}"
    what = f"z is not up{turned}: {stance.words}"
    return (f'{what}; set rig.axes (`lidarloop new --axes "{stance.axes}"`, or in project.toml).',)


def _spread(dataset: Dataset) -> list[str]:
    """Scans with something in them, from the first to the last; of the training alone."""
    count = len(dataset.train)
    places = np.unique(np.linspace(0, count - 1, min(count, 2 * _LOOKED_AT)).astype(int))
    full = [dataset.train[at] for at in places if _size(dataset.path(dataset.train[at]))]
    kept = np.unique(np.linspace(0, len(full) - 1, min(len(full), _LOOKED_AT)).astype(int))
    return [full[at] for at in kept] if full else []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _empty(dataset: Dataset) -> list[str]:
    empty = [scan for scan in dataset.scans if not _size(dataset.path(scan))]
    if not empty:
        return []
    named = f"{empty[0]} is" if len(empty) == 1 else f"{empty[0]} and {len(empty) - 1:,} more are"
    return [f"Scan {named} empty, of {len(dataset.scans):,} scans: left out."]


def _wrong_rows(dataset: Dataset, scan: str) -> tuple[Rows, SettingsError] | None:
    """What a flat file's rows are and why they cannot be what they are taken for; None where they
    can. Columns that a person said are not doubted."""
    path = dataset.path(scan)
    if dataset.reading.columns or path.suffix.lower() != ".bin":
        return None
    taken = len(dataset.format.columns(dataset.root, scan)) or 4
    found = rows_of(path)
    if found is None or (found.kind, found.width) == ("<f4", taken):
        return None
    words = _KNOWN_ROWS.get(taken, f"{taken} columns")
    return found, SettingsError(
        f"The rows of {path} look like {found}, not like {taken} numbers of float32 ({words}): "
        f"read so, they would be scrambled.",
        f"Say what they are, such as --columns {found.said}"
        + (", or use --format folder." if taken == 5 else "."),
    )


def _of_coordinates(
    dataset: Dataset, seen: Sequence[tuple[str, np.ndarray]], sensor_height_m: float
) -> Judgement:
    """What the coordinates of points as the files have them say."""
    nothing = Judgement((), dataset.reading.origin, ())
    metres, notes = dataset.reading.metres, []
    lost = rows = 0
    parts, names = [], []
    for scan, points in seen:
        good = are_returns(points, metres)
        rows += len(points)
        lost += len(points) - int(good.sum())
        kept = points[good, :3]
        if len(kept) >= _LEAST:
            parts.append(kept[:: len(kept) // _SAMPLE + 1].astype(np.float64) * metres)
            names.append(scan)
    if rows and lost >= _NO_RETURNS * rows:
        notes.append(
            f"{lost / rows:.1%} of the rows are no returns (not finite, at the sensor itself, or "
            f"further than a sensor sees): they are in no unit and in no total."
        )
    elif lost:
        notes.append(
            f"{lost:,} of {rows:,} rows are no returns (not finite, at the sensor itself, or "
            f"further than a sensor sees): they are left out."
        )
    if rows >= _LEAST and lost == rows:
        refused = SettingsError(
            f"No row of {', '.join(scan for scan, _ in seen)} is a return: all are not finite or "
            f"lie within {AT_SENSOR_M * 100:.0f} cm of the sensor.",
            "Name other scans; where the files are in kilometres, say --unit km.",
        )
        return replace(nothing, refused=refused, about="unit")
    if not parts:
        return replace(nothing, notes=tuple(notes))
    tiny = float(np.mean([1 - ordinary(part) for part in parts]))
    if tiny > _SCRAMBLED and not dataset.reading.columns:
        path = dataset.path(names[0])
        return replace(
            nothing,
            notes=tuple(notes),
            about="columns",
            refused=SettingsError(
                f"{path} holds no coordinates where they are looked for: {tiny:.0%} of the numbers "
                f"are tiny or huge.",
                "Say what its columns are, with their types, such as --columns "
                "x,y,z,intensity:uint8,ring:uint16.",
            ),
        )
    middles = np.array([np.median(part, axis=0) for part in parts])
    middle = np.median(middles, axis=0)
    reach = float(np.median([_reach(part, at) for part, at in zip(parts, middles, strict=True)]))
    off = float(np.hypot(*middle[:2]))
    if any(dataset.reading.origin):
        return replace(nothing, notes=tuple(notes))
    degrees = _are_degrees(parts)
    if degrees and not dataset.reading.unit:
        return replace(nothing, notes=tuple(notes), refused=degrees)
    if off > _FAR_M and off > _TIMES_OFF * reach:
        return _far(dataset, seen, parts, middle, reach, tuple(notes), sensor_height_m)
    doubt = _of_extent(dataset, parts, reach)
    if isinstance(doubt, SettingsError):
        return replace(nothing, notes=tuple(notes), refused=doubt, about="unit")
    return replace(nothing, notes=(*notes, *doubt))


def _reach(points: np.ndarray, middle: np.ndarray) -> float:
    """How far all but 2 % of the points are from their middle, seen from above."""
    away = np.hypot(points[:, 0] - middle[0], points[:, 1] - middle[1])
    return float(np.quantile(away, 0.98))


def _far(
    dataset: Dataset,
    seen: Sequence[tuple[str, np.ndarray]],
    parts: Sequence[np.ndarray],
    middle: np.ndarray,
    reach: float,
    notes: tuple[str, ...],
    sensor_height_m: float,
) -> Judgement:
    """Coordinates far from their origin: taken off where the files have the digits."""
    largest = max(float(np.abs(part).max()) for part in parts)
    where = f"x {middle[0]:,.0f}, y {middle[1]:,.0f}"
    step = float(np.spacing(np.float32(largest / dataset.reading.metres))) * dataset.reading.metres
    if step > _STEP_M and all(points.dtype == np.float32 for _, points in seen):
        return Judgement(
            (),
            dataset.reading.origin,
            notes,
            refused=SettingsError(
                f"The scans lie around {where} m, and their files are float32, whose neighbouring "
                f"numbers are {step:.2g} m apart there: the shape is lost.",
                "Export them again in double precision, or shifted to a local origin.",
            ),
        )
    low = float(np.median([np.quantile(part[:, 2], 0.05) for part in parts]))
    # The ground comes to lie where it does below a sensor.
    origin = (float(round(middle[0])), float(round(middle[1])), round(low + sensor_height_m, 2))
    told = [
        f"The scans lie far from their origin, around {where} m, as maps in UTM do: "
        f"{_words(origin)} is taken off and kept in project.toml, [data] origin."
    ]
    if reach > _DOUBTED_M:
        told.append(f"They reach {reach:,.0f} m from their middle: are they tiles, not scans?")
    apart = np.array([np.median(part[:, :2], axis=0) for part in parts]) - middle[:2]
    if float(np.hypot(*apart.T).max()) > _FAR_M:
        told.append(
            f"Their middles are up to {np.hypot(*apart.T).max():,.0f} m apart: ground is found "
            f"around the origin alone; make a project for each place."
        )
    radius = float(np.median([np.median(np.linalg.norm(part, axis=1)) for part in parts]))
    if _EARTH_M[0] < radius < _EARTH_M[1]:
        told.append(
            "They seem to be earth-centred (ECEF), where z is not up: bring them to a local "
            "frame with z up."
        )
    return Judgement((), origin, (*notes, *told))


def _words(origin: Sequence[float]) -> str:
    return f"({', '.join(f'{value:,.10g}' for value in origin)})"


def _are_degrees(parts: Sequence[np.ndarray]) -> SettingsError | None:
    """Longitude and latitude in place of metres: a small patch far from (0, 0), metres up."""
    every = np.concatenate(parts)
    low, high = every.min(axis=0), every.max(axis=0)
    size = high - low
    inside = (np.abs(every[:, 0]) <= 180).all() and (np.abs(every[:, 1]) <= 180).all()
    away = np.abs((low + high) / 2)[:2].max()
    if not (inside and size[:2].max() < 0.2 and size[2] > 20 * size[:2].max() and away > 1):
        return None
    return SettingsError(
        f"x and y lie within {size[0]:.2g} and {size[1]:.2g}, z within {size[2]:.3g}: they look "
        f"like degrees of longitude and latitude.",
        "Project the scans to metres, such as UTM.",
    )


def _of_extent(
    dataset: Dataset, parts: Sequence[np.ndarray], reach: float
) -> SettingsError | list[str]:
    """What the size of the scans says of their unit of length."""
    every = np.concatenate(parts)
    said = bool(dataset.reading.unit)
    whole = bool((every == np.rint(every)).all()) and dataset.reading.metres == 1.0
    across = f"The scans reach {reach:,.0f} m from their middle"
    if reach > _REFUSED_M and not said:
        return SettingsError(
            f"{across}, which no sensor does: they look like millimetres.",
            "Make the project with --unit mm (or --unit m, if they are metres).",
        )
    if reach > _DOUBTED_M and not said:
        unit = "millimetres (--unit mm)" if whole else "centimetres or millimetres (--unit cm, mm)"
        return [f"{across}, further than most sensors see: they may be {unit}."]
    if float(np.ptp(every[:, 2])) == 0:
        return [f"All points have the same z ({every[0, 2]:g}): is it a scan of one plane?"]
    if reach < _SMALL_M and not said:
        return [
            f"The scans reach {reach:.3g} m from their middle: are they scaled to a unit cube, or "
            f"kilometres (--unit km)?"
        ]
    return []
