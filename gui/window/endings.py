"""What the window says when a step has ended."""

from __future__ import annotations

from core.base.words import DASH
from core.project.project import Project
from core.rounds import figures
from core.rounds.log import read_log
from core.rounds.round import LOG, Round


def trained(project: Project, found: Round) -> str:
    """The result of a round's training in a sentence: mIoU, the parent's beside it, and loss."""
    miou = _miou(project, found)
    if miou is None:
        measured = f"mIoU {DASH}, as no validation scan has labels"
    else:
        measured = f"mIoU {miou:.1%}"
        before = _miou(project, project.round(found.parent)) if found.parent is not None else None
        measured += f" ({before:.1%} the round before)" if before is not None else ""
    loss = _loss(found)
    text = f"Training ended: {measured}{f', loss {loss:.3g}' if loss is not None else ''}."
    over = figures.aside(found.metrics(project.classes) or {})
    return f"{text} mIoU is {over}." if over else text


def _miou(project: Project, found: Round) -> float | None:
    miou = (found.metrics(project.classes) or {}).get("miou")
    return float(miou) if miou is not None else None


def _loss(found: Round) -> float | None:
    """Of the last epoch, None where the network was trained elsewhere."""
    path = found.file(LOG)
    epochs = read_log(path) if path.exists() else []
    loss = epochs[-1].get("loss") if epochs else None
    return float(loss) if isinstance(loss, int | float) else None
