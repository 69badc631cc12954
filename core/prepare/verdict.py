"""The report in words: what is odd about scans, the likely cause, and the table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.base.errors import ProjectError
from core.base.settings import PrepareSettings
from core.base.words import DASH
from core.data.fitted import ON_A_SENSOR_M, ON_THE_GROUND_M, nearest_ground
from core.data.rig import Rig
from core.data.scans import Dataset
from core.data.stance import Stance, guess_stance
from core.prepare.report import COUNTS, SHARES, Report, asked_share, kind_of, used

# What the samples of SemanticKITTI, nuScenes and KITTI have, of the points that are not left out.
GOOD = {
    "ground": "35-85%",
    "clusters": "6-60%",
    "too_large": "0-45%",
    "noise": "0-4%",
    "cells_n": "20-100",
    "clusters_n": "35-200",
}
HEADINGS = {
    "points": "points",
    "ground": "ground",
    "clusters": "clustered",
    "too_large": "too large",
    "noise": "noise",
    "left_out": "left out",
    "cells_n": "cells/scan",
    "clusters_n": "clusters/scan",
}
_LOOKED_AT = 3  # scans whose stance is guessed, where ground is missing
_NEARLY_M = 0.3


def sentence(counts: np.ndarray, settings: PrepareSettings, cause: str = "") -> str:
    """What is odd about a scan, or several, with counts (10,); "" where nothing is.

    `cause` is what the scans themselves tell; without it likely ones are asked about.
    """
    kind = kind_of(counts)
    named = dict(zip(COUNTS, counts.tolist(), strict=True))
    kept = int(used(counts))
    if kind == "left out":
        return (
            f"{named['left_out'] / named['points']:.0%} of the points are left out: are they rays "
            f"without a return, or is prepare.ego_radius_m ({settings.ego_radius_m:g}) or "
            f"rig.ego_box too large?"
        )
    if kind == "empty":
        return f"no unit at all: {cause or 'are there enough points, and are they metres?'}"
    if kind == "ground":
        likely = (
            f"is z up? is the sensor {settings.sensor_height_m:.1f} m above the ground? is ground "
            f"nearer than rig.ground_from_m?"
        )
        return f"{named['ground'] / kept:.0%} ground: {cause or likely}"
    if kind == "too large":
        likely = "is all of the ground found? should prepare.max_size_m be larger?"
        return (
            f"{named['too_large'] / kept:.0%} in clusters over {settings.max_size_m:g} m, which "
            f"are never asked: {cause or likely}"
        )
    if kind == "noise":
        return (
            f"{named['noise'] / kept:.0%} noise: is the scan too sparse for prepare.min_samples "
            f"({settings.min_samples}) and prepare.epsilon_m ({settings.epsilon_m:g})?"
        )
    if kind == "asked":
        likely = "the rest is in clusters that are too large, in tiny cells, or noise."
        return f"only {float(asked_share(counts)):.0%} can be asked about: {cause or likely}"
    return ""


def judge(report: Report, dataset: Dataset, settings: PrepareSettings) -> tuple[str, ...]:
    """A sentence for each kind of oddity, with how many scans have it and the likely cause.

    Where ground may be missing, the stance of three of those scans is guessed: it tells the cause.
    """
    said = []
    for kind in dict.fromkeys(report.odd[place] for place in report.order[::-1].tolist()):
        if not kind:
            continue
        places = [place for place, odd in enumerate(report.odd) if odd == kind]
        scans = [report.scans[place] for place in places]
        cause = "" if kind in ("left out", "noise") else _cause(dataset, scans, settings)
        together = report.counts[places].sum(axis=0)
        text = sentence(together, settings, cause)
        which = scans[0] if len(scans) == 1 else f"{len(scans):,} of {len(report.scans):,} scans"
        said.append(f"{which}: {text}")
    return tuple(said)


def _cause(dataset: Dataset, scans: Sequence[str], settings: PrepareSettings) -> str:
    """What the scans themselves tell about how the sensor stands, "" where it is as set."""
    points = []
    for scan in scans[:: max(1, len(scans) // _LOOKED_AT)][:_LOOKED_AT]:
        try:
            points.append(dataset.scan(scan).points)
        except ProjectError:  # it is told of where it is needed
            continue
    stance = guess_stance(points)
    return "" if stance is None else _differs(stance, settings, dataset.rig)


def _differs(stance: Stance, settings: PrepareSettings, rig: Rig) -> str:
    """How the stance of turned scans differs from what their settings say, "" where it does not."""
    if not stance.upright:
        rest = f"set rig.axes to {stance.axes!r}" if not rig.turns else "mend rig.axes"
        return f"z does not look up ({stance.words}); {rest}."
    said, do = [], []
    off = stance.height_m - settings.sensor_height_m
    if abs(off) > _NEARLY_M:
        if ON_THE_GROUND_M <= stance.height_m <= ON_A_SENSOR_M:
            do.append(f"prepare.sensor_height_m to {stance.height_m:.2f}")
        else:
            do.append(f"rig.z_offset_m to {rig.z_offset_m + off:.2f}")
        low = abs(stance.height_m) < ON_THE_GROUND_M
        where = "on the ground" if low else f"{stance.height_m:.2f} m above the ground"
        said.append(f"the origin looks {where}, and {settings.sensor_height_m:g} m is set")
    if stance.nearest_m < rig.ground_from_m - _NEARLY_M:
        said.append(
            f"ground is seen from {stance.nearest_m:.1f} m and looked for from "
            f"{rig.ground_from_m:g} m"
        )
        do.append(f"rig.ground_from_m to {nearest_ground(stance):g}")
    return f"{'; '.join(said)}; set {' and '.join(do)}." if do else ""


def table(report: Report, settings: PrepareSettings, *, most: int = 10) -> str:
    """Lay a report out for a terminal: all scans, typical ones, and up to `most` odd ones."""
    many = len(report.scans)
    lines = [_row("scans", HEADINGS, "")]
    lines += [_row("all", cells(report.total, max(many, 1)), f"{many:,} scans")]
    lines += [
        _row(name, cells(report.counts[place]), report.scans[place])
        for name, place in report.typical.items()
    ]
    lines += [_row("good scans", {"points": "", "left_out": "", **GOOD}, "")]
    lines += ["", *report.warnings] if report.warnings else []
    odd = [place for place in report.order[::-1].tolist() if report.odd[place]]
    if odd and len(report.scans) > 1:
        lines += ["", "scans that are odd, the worst first:"]
        lines += [
            f"  {report.scans[at]}: {sentence(report.counts[at], settings)}" for at in odd[:most]
        ]
        lines += [f"  and {len(odd) - most:,} more"] if len(odd) > most else []
    return "\n".join(line.rstrip() for line in lines)


def cells(counts: np.ndarray, scans: int = 1) -> dict[str, str]:
    """Counts (10,) of so many scans as a table shows them: points, shares of them, units a scan."""
    row = dict(zip(COUNTS, counts.tolist(), strict=True))
    shares = {key: f"{row[key] / row['points']:.1%}" if row["points"] else DASH for key in SHARES}
    units = {name: f"{row[name] / scans:,.0f}" for name in ("cells_n", "clusters_n")}
    return {"points": f"{row['points']:,}", **shares, **units}


def _row(name: str, texts: Mapping[str, str], scan: str) -> str:
    wide = {"points": 13, "cells_n": 10, "clusters_n": 13}
    shown = " ".join(f"{texts[key]:>{wide.get(key, 9)}}" for key in HEADINGS)
    return f"{name:<10} {shown}  {scan}"
