"""Units: the table of all clusters and ground cells of the pool, and each row's unit.

Units are in the order scan, kind (clusters first), key; `scan`, `kind` and `key` name a unit for
ever: "<scan>#c<smallest row>", "<scan>#g<i>,<j>", or "#h", "#i", "#j", "#k" for a cell of a half to
a sixteenth of the side, "#s" for a whole scan, "#b<number>" for a block, "#v<smallest row>" for a
super-voxel (docs/method.md, Units).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import Column, map_array, read_arrays, write_arrays
from core.data.items import split_item
from core.data.made import file_of, kept_file
from core.data.scans import Dataset

CLUSTER, CELL = 0, 1  # and CELL + n: a cell whose side was halved n times
HALVINGS = 4
SCAN, BLOCK, VOXELS = 6, 7, 8
_LETTERS = "cghijksbv"  # of the kinds
# Why a row has no unit; oversize cluster k of a scan is OVERSIZE - k.
NOISE, TINY, INVALID, OVERSIZE = -1, -2, -3, -10
POINTER = "prepared"  # a file that names the units of the project
_TABLE = "units.npz"
_ROWS = "rows"
_SHAPES = "shapes.npy"
_PREPARE = "Delete it if it is there and prepare the project again; no answer is lost."
_COLUMNS: dict[str, Column] = {
    "scans": (str, "S"),
    "offsets": (np.int64, "O"),
    "scan": (np.int32, "U"),
    "kind": (np.uint8, "U"),
    "key": (np.int32, "U"),
    "points": (np.int32, "U"),
    "size": (np.int16, "U"),
    "partition": (np.int8, "U"),
    "box_min": (np.float32, "U3"),
    "box_max": (np.float32, "U3"),
    "cuts": (np.int64, "B"),
    "scan_rows": (np.int64, "S"),
    "scan_hashes": (str, "S"),
    "noise_points": (np.int64, ""),
    "oversize": (np.int64, ""),
    "fingerprint": (str, ""),
}
# Written where it differs from scan_rows, from version 0.2.0 on.
_RETURNS: dict[str, Column] = {"scan_returns": (np.int64, "S")}


@dataclass(frozen=True)
class Units:
    """The table, arrays read only.

    Attributes
    ----------
    scans : sorted names of the S training scans
    offsets : (S + 1,) int64, first unit of each scan
    scan : (U,) int32; kind : (U,) uint8; key : (U,) int32
    points : (U,) int32; size : (U,) int16 metres
    partition : (U,) int8, size class 0..B-1, ground = B
    box_min, box_max : (U, 3) float32 metres
    cuts : largest size of each size class
    scan_rows : (S,) int64; scan_hashes : content hash of each scan
    noise_points, oversize : rows without unit, clusters too large
    fingerprint : of the scans, the settings and the algorithm
    scan_returns : (S,) int64, rows that are returns of something: what a budget is a share of
    """

    scans: tuple[str, ...]
    offsets: np.ndarray
    scan: np.ndarray
    kind: np.ndarray
    key: np.ndarray
    points: np.ndarray
    size: np.ndarray
    partition: np.ndarray
    box_min: np.ndarray
    box_max: np.ndarray
    cuts: tuple[int, ...]
    scan_rows: np.ndarray
    scan_hashes: tuple[str, ...]
    noise_points: int
    oversize: int
    fingerprint: str
    scan_returns: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        if not len(self.scan_returns):
            object.__setattr__(self, "scan_returns", self.scan_rows)
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __len__(self) -> int:
        return len(self.scan)

    @property
    def basal(self) -> bool:
        """Whether all are clusters and ground cells, for which seconds can be estimated."""
        return bool((self.kind <= CELL + HALVINGS).all())

    @property
    def partition_names(self) -> tuple[str, ...]:
        """ "1", "2", … by size, then "ground"."""
        return (*(str(index + 1) for index in range(len(self.cuts))), "ground")

    @cached_property
    def costs(self) -> np.ndarray:
        """(U,) int64 points of each unit: what an answer to it is expected to cost."""
        return self.points.astype(np.int64)

    def groups(self, units: np.ndarray) -> list[str]:
        """Names of the partitions of units (n,)."""
        names = self.partition_names
        return [names[index] for index in self.partition[units].tolist()]

    @cached_property
    def _scan_index(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.scans)}

    @cached_property
    def _order(self) -> np.ndarray:
        """(U,) int64 ascending: scan, kind and key in one number."""
        return self._packed(self.scan, self.kind, self.key)

    @staticmethod
    def _packed(scan: np.ndarray, kind: np.ndarray, key: np.ndarray) -> np.ndarray:
        high = scan.astype(np.int64) << 37 | kind.astype(np.int64) << 33
        return high | (key.astype(np.int64) + (1 << 31))

    def scan_index(self, scan: str) -> int | None:
        """Place of a scan in `scans`, or None for one that is not prepared."""
        return self._scan_index.get(scan)

    def range_of(self, scan: str) -> range:
        """The units of a scan; empty for one that is not prepared."""
        index = self._scan_index.get(scan)
        if index is None:
            return range(0)
        return range(int(self.offsets[index]), int(self.offsets[index + 1]))

    def name(self, unit: int) -> str:
        """The unit_id of a unit's number."""
        return self.names([unit])[0]

    def names(self, units: Sequence[int] | np.ndarray) -> list[str]:
        """The unit_ids of units' numbers."""
        index = np.asarray(units, np.int64)
        scans, kinds, keys = self.scan[index], self.kind[index], self.key[index]
        return [
            f"{self.scans[scan]}#{_part(kind, key)}"
            for scan, kind, key in zip(scans.tolist(), kinds.tolist(), keys.tolist(), strict=True)
        ]

    def find(self, unit_id: str) -> int | None:
        """The number of a unit, or None if it is not in the table."""
        found = int(self.find_all([unit_id])[0])
        return None if found < 0 else found

    def find_all(self, unit_ids: Iterable[str]) -> np.ndarray:
        """(n,) int64 numbers of units, -1 where there is none of that id."""
        scans, kinds, keys = [], [], []
        for unit_id in unit_ids:
            scan, rest = split_item(unit_id)
            index = self._scan_index.get(scan, -1)
            try:
                kind, key = _read_part(rest)
                if abs(key) >= 1 << 31:
                    raise ValueError(rest)
            except ValueError:  # no name of ours
                index, kind, key = -1, CLUSTER, 0
            scans.append(index)
            kinds.append(kind)
            keys.append(key)
        if not scans or not len(self):
            return np.full(len(scans), -1, np.int64)
        place = np.array(scans, np.int64)
        wanted = self._packed(place, np.array(kinds), np.array(keys, np.int64))
        at = np.minimum(np.searchsorted(self._order, wanted), len(self) - 1)
        return np.where((place >= 0) & (self._order[at] == wanted), at, -1)

    def save(self, folder: Path) -> None:
        """Write the table below `folder`, atomically; the same units give the same bytes."""
        names = [*_COLUMNS, *(_RETURNS if np.any(self.scan_returns != self.scan_rows) else ())]
        arrays = {name: np.asarray(getattr(self, name)) for name in names}
        write_arrays(folder / _TABLE, arrays, compress=False)

    @classmethod
    def load(cls, folder: Path) -> Units:
        """Read what `save` wrote. Raises ProjectError where it is missing or damaged."""
        path = folder / _TABLE
        # The project opens again only when it no longer points at the damaged table.
        do = f"Delete {folder.parent / POINTER} and prepare the project again; no answer is lost."
        arrays: dict[str, Any] = read_arrays(path, _COLUMNS, optional=_RETURNS, do=do)
        if not _agree(arrays):
            raise ProjectError(f"{path} is damaged: its columns contradict each other.", do)
        return cls(
            **{
                **arrays,
                "scans": tuple(arrays["scans"].tolist()),
                "cuts": tuple(arrays["cuts"].tolist()),
                "scan_hashes": tuple(arrays["scan_hashes"].tolist()),
                "noise_points": int(arrays["noise_points"]),
                "oversize": int(arrays["oversize"]),
                "fingerprint": str(arrays["fingerprint"]),
            }
        )


def is_cell(kind: np.ndarray) -> np.ndarray:
    """Which units are ground cells, of kinds (n,)."""
    found: np.ndarray = (kind >= CELL) & (kind <= CELL + HALVINGS)
    return found


def ground_rows(units: Units, scan: str, unit: np.ndarray) -> np.ndarray:
    """(N,) bool: the ground among the rows of a prepared scan, by the `unit` (N,) of each."""
    mine = units.range_of(scan)
    cell = np.append(is_cell(units.kind[mine.start : mine.stop]), False)
    found: np.ndarray = (unit == TINY) | cell[np.where(unit >= 0, unit, -1)]
    return found


def _part(kind: int, key: int) -> str:
    """What a unit's name says after the scan's."""
    if CELL <= kind <= CELL + HALVINGS:
        return f"{_LETTERS[kind]}{key >> 16},{(key & 0xFFFF) - 32768}"
    return _LETTERS[kind] + (str(key) if kind != SCAN else "")


def _read_part(part: str) -> tuple[int, int]:
    """Kind and key of what `_part` gave. Raises ValueError."""
    if not part or part[0] not in _LETTERS:
        raise ValueError(part)
    kind, rest = _LETTERS.index(part[0]), part[1:]
    if kind == SCAN:
        if rest:
            raise ValueError(part)
        return kind, 0
    if CELL <= kind <= CELL + HALVINGS:
        i, _, j = rest.partition(",")
        return kind, int(i) * 65536 + int(j) + 32768
    return kind, int(rest)


def _agree(arrays: dict[str, np.ndarray]) -> bool:
    """Whether the offsets are those of each unit's scan, and all partitions exist."""
    offsets, scan, partition = arrays["offsets"], arrays["scan"], arrays["partition"]
    firsts = np.arange(len(arrays["scans"]) + 1, dtype=np.int32)
    return (
        np.array_equal(offsets, np.searchsorted(scan, firsts))
        and offsets[-1] == len(scan)
        and 0 <= partition.min(initial=0) <= partition.max(initial=0) <= len(arrays["cuts"])
    )


def new_rows_file(folder: Path, scan: str) -> Path:
    """Where each row's unit of a scan is written, below units/<fingerprint>."""
    return file_of(folder / _ROWS, scan)


def rows_file(folder: Path, scan: str, dataset: Dataset) -> Path:
    """Where each row's unit of a scan is read, below units/<fingerprint>."""
    return kept_file(folder / _ROWS, scan, dataset)


def read_rows(path: Path, *, rows: int, units: int) -> np.ndarray:
    """(rows,) int32: each row's unit number within its scan, which has `units`, or a negative
    state. Raises ProjectError where the file is missing, damaged or of another scan."""
    found = read_arrays(path, {"unit": (np.int32, "N")}, do=_PREPARE, N=rows)["unit"]
    if found.max(initial=-1) >= units:
        raise ProjectError(f"{path} names units that its scan does not have.", _PREPARE)
    return found


def shapes_file(folder: Path) -> Path:
    """Where the units' shapes are kept, (U, 34) float32 in unit order (core.prepare.shape)."""
    return folder / _SHAPES


def map_shapes(folder: Path, units: Units) -> np.ndarray:
    """(U, F) float32 of all units, below units/<fingerprint>, mapped into memory.

    Raises ProjectError where the file is missing or damaged.
    """
    return map_array(shapes_file(folder), (np.float32, "UF"), do=_PREPARE, U=len(units))
