"""What became of the points of each scan, and what is odd about that.

Every row of a scan is ground, in a cluster, in one that is too large, noise, or left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import ProjectError
from core.base.files import Column, read_arrays, write_arrays
from core.prepare.units import INVALID, OVERSIZE, TINY, Units, is_cell

COUNTS = (
    "points",
    "ground",
    "clusters",
    "too_large",
    "noise",
    "left_out",
    "tiny",
    "cells_n",
    "clusters_n",
    "too_large_n",
)
SHARES = ("ground", "clusters", "too_large", "noise", "left_out")
STATES: dict[str, Column] = {"states": (np.int64, "3")}  # of a scan's rows file: states_of
# Beyond these something is amiss.
LEAST_GROUND, LEAST_ASKED = 0.25, 0.4
MOST_TOO_LARGE, MOST_NOISE, MOST_LEFT_OUT = 0.5, 0.15, 0.6
_FILE = "report.npz"


def states_of(unit: np.ndarray) -> np.ndarray:
    """(3,) int64 rows in tiny cells, in clusters too large, and left out, by unit (N,) int32."""
    outside = unit[unit < -1]  # most rows have a unit
    return np.array(
        [
            np.count_nonzero(outside == TINY),
            np.count_nonzero(outside <= OVERSIZE),
            np.count_nonzero(outside == INVALID),
        ],
        np.int64,
    )


def counts_of(scan: Mapping[str, Any], rows: int, states: np.ndarray) -> np.ndarray:
    """(10,) int64 as COUNTS names them, of a scan's kind, points, noise_points and oversize."""
    cell = is_cell(scan["kind"])
    in_cells, in_clusters = int(scan["points"][cell].sum()), int(scan["points"][~cell].sum())
    tiny, large, left_out = (int(state) for state in states)
    noise = int(scan["noise_points"])
    numbers = (np.count_nonzero(cell), np.count_nonzero(~cell), int(scan["oversize"]))
    return np.array(
        [rows, in_cells + tiny, in_clusters, large, noise, left_out, tiny, *numbers], np.int64
    )


@dataclass(frozen=True)
class Report:
    """counts (S, 10) int64 as COUNTS names them, of each scan; `warnings` are sentences on all;
    `rig` is how the sensor stood (`Rig.facts`); `basal`: the units are clusters and cells, of which
    more can be odd."""

    scans: tuple[str, ...]
    counts: np.ndarray
    warnings: tuple[str, ...] = ()
    rig: Mapping[str, Any] = field(default_factory=dict)
    basal: bool = True

    def column(self, name: str) -> np.ndarray:
        """(S,) int64 of one of COUNTS."""
        found: np.ndarray = self.counts[:, COUNTS.index(name)]
        return found

    @cached_property
    def total(self) -> np.ndarray:
        """(10,) int64 of all scans together."""
        found: np.ndarray = self.counts.sum(axis=0)
        return found

    @cached_property
    def asked(self) -> np.ndarray:
        """(S,) float64 share of the points that can be asked about, of those not left out."""
        found: np.ndarray = asked_share(self.counts)
        return found

    @cached_property
    def order(self) -> np.ndarray:
        """(S,) int64 places of the scans, the best first: by what can be asked."""
        return np.argsort(-self.asked, kind="stable")

    @property
    def typical(self) -> dict[str, int]:
        """Places of the best, the median and the worst scan, those that differ."""
        if not len(self.scans):
            return {}
        last = len(self.scans) - 1
        named = {"best": 0, "median": last // 2, "worst": last}
        places = {name: int(self.order[at]) for name, at in named.items()}
        if last == 0:
            return {"best": places["best"]}
        return places if last > 1 else {"best": places["best"], "worst": places["worst"]}

    @cached_property
    def odd(self) -> list[str]:
        """For each scan the kind of what is odd about it, "" where nothing is."""
        known = [kind_of(row) for row in self.counts]
        return [kind if self.basal or kind in ("left out", "empty") else "" for kind in known]


def used(counts: np.ndarray) -> np.ndarray:
    """Points that are not left out, at least 1, of counts (…, 10)."""
    found: np.ndarray = np.maximum(
        counts[..., COUNTS.index("points")] - counts[..., COUNTS.index("left_out")], 1
    )
    return found


def asked_share(counts: np.ndarray) -> np.ndarray:
    in_units = sum(counts[..., COUNTS.index(n)] for n in ("ground", "clusters"))
    asked: np.ndarray = (in_units - counts[..., COUNTS.index("tiny")]) / used(counts)
    return asked


def kind_of(counts: np.ndarray) -> str:
    """What is odd about a scan with counts (10,): "empty", "ground", "too large", "noise",
    "left out", "asked" or ""."""
    named = dict(zip(COUNTS, counts.tolist(), strict=True))
    kept = int(used(counts))
    if named["left_out"] > MOST_LEFT_OUT * named["points"]:
        return "left out"
    if not named["cells_n"] and not named["clusters_n"]:
        return "empty"
    if named["ground"] < LEAST_GROUND * kept:
        return "ground"
    if named["too_large"] > MOST_TOO_LARGE * kept:
        return "too large"
    if named["noise"] > MOST_NOISE * kept:
        return "noise"
    return "asked" if float(asked_share(counts)) < LEAST_ASKED else ""


def write_report(folder: Path, report: Report) -> None:
    """Keep a report below units/<fingerprint>, atomically."""
    words = np.array(report.warnings, dtype=np.str_)
    rig = np.array(json.dumps(dict(report.rig), sort_keys=True))
    write_arrays(folder / _FILE, {"counts": report.counts, "warnings": words, "rig": rig})


def read_report(folder: Path, units: Units) -> Report | None:
    """The report below units/<fingerprint>; None where it was prepared before version 0.2.0.

    Raises ProjectError where it is damaged.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    do = f"Delete {path} and prepare the project again; no answer is lost."
    found = read_arrays(
        path,
        {"counts": (np.int64, "SC"), "warnings": (str, "W"), "rig": (str, "")},
        do=do,
        S=len(units.scans),
        C=len(COUNTS),
    )
    warnings = tuple(found["warnings"].tolist())
    try:
        rig = json.loads(str(found["rig"]))
    except (ValueError, RecursionError) as error:
        raise ProjectError(f"{path} is damaged: {error}.", do) from error
    if not isinstance(rig, dict):
        raise ProjectError(f"{path} is damaged: its rig is {str(rig)[:40]!r}.", do)
    return Report(units.scans, found["counts"], warnings, rig, units.basal)


def as_json(report: Report) -> dict[str, Any]:
    """What `status --json` says of it: points of all scans by what became of them, and what is
    odd."""
    odd = [kind for kind in report.odd if kind]
    named = dict(zip(COUNTS, report.total.tolist(), strict=True))
    return {
        **{name: named[name] for name in ("points", *SHARES)},
        "asked_share": round(float(asked_share(report.total)), 6),
        "typical": {name: report.scans[place] for name, place in report.typical.items()},
        "odd_scans": len(odd),
        "warnings": list(report.warnings),
    }
