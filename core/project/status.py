"""Status: what a project holds and what was spent, as one plain object and as a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.base.words import DASH
from core.prepare.partitions import api_by_size
from core.prepare.report import as_json
from core.prepare.units import is_cell
from core.project.caches import caches
from core.project.caches import told as told_caches
from core.project.pool import opening_of
from core.project.poses import sources
from core.project.project import Project
from core.rounds import figures
from core.rounds.round import Round, read_given


def status(project: Project, *, backend: str) -> dict[str, Any]:
    """Return the object that `status --json` prints. Numbers not known yet are None."""
    spent = project.answers.spent()
    return {
        "project": project.path.name,
        "scans": {
            "train": len(project.dataset.train),
            "validation": len(project.dataset.validation),
        },
        "left_out": {"scans": len(project.left_out), "points": project.no_returns},
        "points": {"train": _points(project)},
        "units": _units(project),
        "report": _report(project),
        "partitions": partitions(project),
        "given": _given(project),
        "tip": project.tip.id if project.tip is not None else None,
        "rounds": [round_status(project, found) for found in project.rounds],
        "spent": {
            "points": spent.points,
            "units": spent.units,
            "minutes": round(spent.minutes, 2),
        },
        "opening": _opening(project),
        "boxes": _boxes(project),
        "poses": [
            {
                "sequence": source.sequence,
                "from": source.words or None,
                "scans": source.scans,
                "placed": source.placed,
                "pieces": source.pieces,
            }
            for source in sources(project)
        ],
        "classes": {
            project.classes.names[c]: count
            for c, count in sorted(project.answers.fold.class_counts().items())
            if c < len(project.classes.names)
        },
        "predictions": caches(project),
        "backend": backend,
        "notes": [*project.notes, *project.told],
    }


def _opening(project: Project) -> dict[str, Any] | None:
    """What opening a scan costs, measured; None before there are answers enough."""
    found = opening_of(project, project.units) if project.units is not None else None
    return None if found is None else {name: round(v, 2) for name, v in vars(found).items()}


def _boxes(project: Project) -> dict[str, Any]:
    """Frames with boxes and what drawing them took."""
    counts = project.boxes.class_counts()
    return {
        "frames": len(project.boxes.boxes_by_scan()),
        "finished": len(project.boxes.finished),
        "boxes": sum(counts.values()),
        "minutes": round(project.boxes.minutes(), 2),
        "rounds": [
            {
                "id": found.id,
                "strategy": found.query.strategy,
                "asked": len(found.query.items),
                "open": len(project.open_frames(found)),
            }
            for found in project.frame_rounds
        ],
        "classes": {project.classes.names[c]: count for c, count in sorted(counts.items())},
    }


def _given(project: Project) -> dict[str, Any] | None:
    """Whose probabilities rank instead of our own network's, None where none do."""
    if not project.given.scored:
        return None
    return read_given(project.given.checkpoint)


def _points(project: Project) -> int:
    if project.units is not None:
        return int(project.units.scan_returns.sum())
    return sum(project.count(scan) for scan in project.dataset.train)


def _report(project: Project) -> dict[str, Any] | None:
    report = project.report()
    return None if report is None else as_json(report)


def _units(project: Project) -> dict[str, int | None]:
    table = project.units
    if table is None:
        return {"clusters": 0, "cells": 0, "oversize": 0, "noise_points": 0, "oversize_points": 0}
    report = project.report()
    clusters = int(np.count_nonzero(~is_cell(table.kind)))
    return {
        "clusters": clusters,
        "cells": len(table) - clusters,
        "oversize": table.oversize,
        "noise_points": table.noise_points,
        "oversize_points": None if report is None else int(report.column("too_large").sum()),
    }


def partitions(project: Project) -> list[dict[str, Any]]:
    """One row per partition: sizes in metres, units, points, share of Eq. 1, what is answered."""
    table = project.units
    if table is None:
        return []
    count = len(table.partition_names)
    units = np.bincount(table.partition, minlength=count)
    points = np.bincount(table.partition, weights=table.points, minlength=count)
    heads = project.answers.effective
    found = table.find_all(unit for unit, head in list(heads.items()) if head.verb == "answer")
    found = found[found >= 0]
    answered_units = np.bincount(table.partition[found], minlength=count)
    answered_points = np.bincount(
        table.partition[found], weights=table.points[found], minlength=count
    )
    clusters = ~is_cell(table.kind)
    sizes, api = api_by_size(table.size[clusters], table.points[clusters])
    rows = []
    for index, name in enumerate(table.partition_names):
        ground = index == count - 1
        low = 0 if index == 0 else table.cuts[index - 1] + 1
        of_partition = (sizes >= low) & (sizes <= (0 if ground else table.cuts[index]))
        present = sizes[of_partition]
        rows.append(
            {
                "name": name,
                "size_min": None if ground or not len(present) else int(present[0]),
                "size_max": None if ground else int(table.cuts[index]),
                "units": int(units[index]),
                "points": int(points[index]),
                "api_share": None if ground else float(api[of_partition].sum() / api.sum()),
                "answered_units": int(answered_units[index]),
                "answered_points": int(answered_points[index]),
            }
        )
    return rows


def round_status(project: Project, found: Round) -> dict[str, Any]:
    """One round as `status --json` shows it."""
    query = found.query
    there = map(project.answers.effective.get, query.items)  # answers come in meanwhile
    heads = [head for head in there if head is not None]
    answers = [head for head in heads if head.verb == "answer"]
    return {
        "id": found.id,
        "parent": found.parent,
        **vars(project.tree.of(found.id)),
        "strategy": query.strategy,
        "stage": project.stage(found),
        "asked": {"items": len(query.items), "points": int(query.cost.sum())},
        "answered": {
            "items": len(answers),
            "points": sum(head.points for head in answers),
            "declined": len(heads) - len(answers),
        },
        **figures_of(project, found),
    }


def figures_of(project: Project, found: Round) -> dict[str, Any]:
    """What a round's network came to, as its status shows it: "miou", over how many classes, and
    "iou" by class; None for what is not measured. Raises ProjectError."""
    metrics = found.metrics(project.classes) or {}
    return {
        **{name: metrics.get(name) for name in ("miou", "miou_classes", "all_classes", "official")},
        "iou": by_name_now(project, metrics.get("iou") or dict.fromkeys(project.classes.names)),
    }


def by_name_now(project: Project, stored: dict[str, Any]) -> dict[str, Any]:
    """Values per class, in the order of the ids, under the names that the classes have now."""
    return dict(zip(project.classes.names, stored.values(), strict=False))


def _poses(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each source of poses."""
    lines = []
    for words in dict.fromkeys(row["from"] for row in rows):
        mine = [row for row in rows if row["from"] == words]
        names = ", ".join(row["sequence"] for row in mine[:5])
        more = f" and {len(mine) - 5:,} more" if len(mine) > 5 else ""
        if words is None:
            lines.append(f"no poses: {names}{more} (`lidarloop poses` computes them)")
            continue
        counted = [row for row in mine if row["placed"] is not None]
        scans, placed = (sum(row[key] for row in counted) for key in ("scans", "placed"))
        pieces = sum(row["pieces"] for row in counted)
        parts = "1 piece" if pieces == 1 else f"{pieces:,} pieces"
        of = f", {placed:,} of {scans:,} scans in {parts}" if counted else ""
        lines.append(f"poses from {words}: {names}{more}{of}")
    return lines


def table(value: dict[str, Any]) -> str:
    """Lay out `status`'s object for a terminal."""
    units, spent, out = value["units"], value["spent"], value["left_out"]
    large = units["oversize_points"]
    in_large = "prepare again to count their points" if large is None else f"{large:,} points"
    lines = [
        f"{value['project']}: {value['scans']['train']:,} training and "
        f"{value['scans']['validation']:,} validation scans, {value['points']['train']:,} points",
        f"units: {units['clusters']:,} clusters, {units['cells']:,} ground cells; "
        f"{units['oversize']:,} clusters too large ({in_large}), "
        f"{units['noise_points']:,} noise points",
        *([f"left out: {out['scans']:,} scans that cannot be used"] if out["scans"] else []),
        *([f"left out: {out['points']:,} rows that are no returns"] if out["points"] else []),
        *(value["report"]["warnings"] if value["report"] else ()),
        "",
        f"{'partition':<10} {'size m':>8} {'units':>9} {'points':>12} {'API':>6} {'answered':>9}",
    ]
    for row in value["partitions"]:
        sizes = DASH if row["size_max"] is None else f"{row['size_min']}-{row['size_max']}"
        share = DASH if row["api_share"] is None else f"{row['api_share']:.0%}"
        lines.append(
            f"{row['name']:<10} {sizes:>8} {row['units']:>9,} {row['points']:>12,} {share:>6} "
            f"{row['answered_units']:>9,}"
        )
    lines += ["", f"{'round':<14} {'stage':<9} {'asked':>7} {'answered':>9}  mIoU"]
    for row in value["rounds"]:
        lines.append(
            f"{row['id']:<14} {row['stage']:<9} {row['asked']['items']:>7,} "
            f"{row['answered']['items']:>9,}  {figures.words(row)}"
        )
    lines += ["", *told_caches(value["predictions"]), *_poses(value["poses"])]
    boxes = value["boxes"]
    if boxes["boxes"] or boxes["finished"]:
        lines += [
            "",
            f"boxes: {boxes['boxes']:,} in {boxes['frames']:,} frames; {boxes['finished']:,} "
            f"finished; {boxes['minutes']:.1f} minutes",
        ]
    lines += [
        f"{row['id']:<14} {row['asked']:,} frames asked, {row['open']:,} open"
        for row in boxes["rounds"]
    ]
    given = value["given"]
    if given is not None:
        lines += ["", f"ranked by the probabilities of {given['scans']:,} scans in {given['from']}"]
    lines += [
        "",
        f"spent: {spent['points']:,} points, {spent['units']:,} units, "
        f"{spent['minutes']:.1f} minutes; network backend: {value['backend']}",
        *value["notes"],
    ]
    return "\n".join(lines)
