"""Where the boxes of a project stand: rounds of frames, their detectors and banks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.base.errors import ProjectError
from core.base.files import read_json
from core.base.words import DASH, counted
from core.project.box_training import models_folder
from core.project.cpsp import bank_records, bank_told
from core.project.project import Project
from core.rounds.box_models import CPSP, FINAL, FIRST, NORMAL, metrics_file, weights_file
from core.rounds.round import Round

_EVALUATE = "Run `lidarloop evaluate --task boxes` on the project."


def box_status(project: Project, *, every: bool = True) -> dict[str, Any]:
    """The object that `status --task boxes --json` prints. Numbers not known yet are None. Of the
    open frames "next" has all in their order, or, which costs no walk through them, the first alone
    unless `every`. Raises ProjectError where a file of a round is damaged."""
    boxes, names = project.boxes, project.classes.names
    first = models_folder(project).with_name(FIRST)
    rounds = [_round(project, found, every) for found in project.frame_rounds]
    if first.is_dir():
        rounds.insert(0, {"id": FIRST, **models_told(project, first)})
    return {
        "project": project.path.name,
        "frames": len(project.dataset.train),
        "finished": len(boxes.finished.intersection(project.dataset.train)),
        "boxes": sum(boxes.class_counts().values()),
        "minutes": round(boxes.minutes(), 2),
        "classes": {names[c]: count for c, count in sorted(boxes.class_counts().items())},
        "rounds": rounds,
    }


def _round(project: Project, found: Round, every: bool) -> dict[str, Any]:
    now, query = project.frame_order.of(found), found.query
    names, coming = project.classes.names, now.frames if every else now.frames[:1]
    return {
        "id": found.id,
        "strategy": query.strategy,
        "budget": query.budget["asked"],
        "asked": len(query.items),
        "open": len(now.frames),
        "boxes": now.boxes,
        "closes_at": now.closes,
        "next": [{"frame": scan, "why": now.frames.reason(scan)} for scan in coming],
        "shares": {
            names[label]: {"boxes": count, "at_most": round(share, 2)}
            for label, (count, share) in project.frame_order.shares(found).items()
        },
        **models_told(project, found.folder),
    }


def models_told(project: Project, folder: Path) -> dict[str, Any]:
    """The detectors of a folder with their mean AP, and the history of its banks."""
    models = {}
    for model in (NORMAL, CPSP, FINAL):
        if weights_file(folder, model).exists():
            models[model] = _worth(metrics_file(folder, model))
    return {
        "models": models,
        "bank": bank_records(project, folder),
        "final_bank": bank_records(project, folder / FINAL),
    }


def _worth(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    stored = read_json(path, do=_EVALUATE, frames=int, mean=dict, classes=dict)
    try:
        return {
            "frames": stored["frames"],
            "mean": {name: stored["mean"][name] for name in ("strict", "loose", "bev_strict")},
            "loose": {name: one["loose"] for name, one in stored["classes"].items()},
        }
    except (KeyError, TypeError) as error:
        raise ProjectError(f"{path} is damaged: {error!r}.", _EVALUATE) from error


def compared(project: Project, folder: Path) -> str:
    """What a folder's detectors are worth on frames that they did not learn, in a sentence, or ""
    while that is not known. Raises ProjectError where a file of it is damaged."""
    known: dict[int, list[str]] = {}  # by the number of frames: the final one is judged on fewer
    for model, worth in models_told(project, folder)["models"].items():
        if worth is not None and worth["mean"]["loose"] is not None:
            classes = (f"{n} {ap:.0%}" for n, ap in worth["loose"].items() if ap is not None)
            words = f"{model} {worth['mean']['loose']:.0%} ({', '.join(classes)})"
            known.setdefault(worth["frames"], []).append(words)
    return " ".join(
        f"Loose AP in {counted(frames, 'frame')} that they did not learn: {'; '.join(words)}."
        for frames, words in known.items()
    )


def told(project: Project, value: dict[str, Any]) -> list[str]:
    """`box_status`'s object laid out for a terminal."""
    lines = [
        f"{value['project']}: {value['finished']:,} of {value['frames']:,} frames finished, "
        f"{value['boxes']:,} boxes, {value['minutes']:.1f} minutes",
        *(f"  {name:<20} {count:>7,}" for name, count in value["classes"].items()),
    ]
    folders = {found.id: found.folder for found in project.frame_rounds}
    for one in value["rounds"]:
        lines.append("")
        if one["id"] == FIRST:
            lines.append(f"{FIRST}: from frames that were finished before any was asked")
        else:
            closes = "" if one["closes_at"] is None else f" of {one['closes_at']:,}"
            lines.append(
                f"{one['id']}: {one['asked']:,} frames asked by {one['strategy']} "
                f"({one['budget']}), {one['open']:,} open, {one['boxes']:,}{closes} boxes drawn"
            )
        for name, share in one.get("shares", {}).items():
            lines.append(f"  {name:<20} {share['boxes']:>5,}, its share {share['at_most']:.1f}")
        for step in one.get("next", [])[:1]:
            lines.append(f"  next: {step['frame']}: {step['why']}")
        for model, worth in one["models"].items():
            lines.append(f"  {model:<7} {_words(worth)}")
        folder = folders.get(one["id"], models_folder(project).with_name(FIRST))
        for of, where in (("", folder), ("final ", folder / FINAL)):
            lines += [f"  {of}{line}" for line in bank_told(project, where)]
    return lines


def _words(worth: dict[str, Any] | None) -> str:
    if worth is None:
        return "not compared with held-out frames yet"
    mean = worth["mean"]
    parts = (
        f"{name.replace('_', ' ')} {DASH if mean[name] is None else f'{mean[name]:.1%}'}"
        for name in ("loose", "strict", "bev_strict")
    )
    return f"mean AP on {worth['frames']:,} frames: {', '.join(parts)}"
