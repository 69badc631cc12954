"""Frames that were drawn without seeing anybody's boxes, and who finished which frame."""

from __future__ import annotations

from core.answers.answers import Answers
from core.answers.box import FRAMES
from core.answers.entry import Head
from core.answers.fold import Fold


def blind_frames(answers: Answers) -> list[Head]:
    """The frames that were finished blind, by each annotator their last time, in time order."""
    last = {(head.annotator, head.scan): head for head in _fold(answers).compared()}
    return [head for head in last.values() if head.verb == "answer"]


def finished_by(answers: Answers) -> dict[str, str]:
    """Of each finished frame who finished it last, seeing what there was."""
    frames = list(_fold(answers).effective.items())
    return {scan: head.annotator for scan, head in frames if head.verb == "answer"}


def finished_by_me(answers: Answers) -> list[str]:
    """The frames that one finished, seeing what there was, oldest first."""
    now = _fold(answers).now
    mine = (head for head in answers.history.heads if head.kind == FRAMES)
    return [head.scan for head in mine if head.verb == "answer" and now.holds(head)]


def seen_again(answers: Answers) -> set[str]:
    """The frames that one finished blind oneself."""
    return {head.scan for head in blind_frames(answers) if head.annotator == answers.annotator}


def _fold(answers: Answers) -> Fold:
    found = answers.folds[FRAMES]
    assert isinstance(found, Fold)
    return found
