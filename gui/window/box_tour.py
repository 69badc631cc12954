"""The tour of the workspace of boxes, in five short steps."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from gui.boxes.work import BoxesWork
from gui.window.tour import Step


def steps(work: BoxesWork, stepper: QWidget, key: Callable[[str], str]) -> list[Step]:
    """The steps; `key` gives the key of an action by its id."""
    panels = work.panels
    return [
        (
            stepper,
            "Whole frames, one after the other",
            f"Ask for some, or draw in any. {key('box finish')} says that all things of a frame "
            f"have their boxes; {key('boxes')} goes back to labelling points.",
        ),
        (
            work.view,
            "One click is a box",
            f"{key('box new')}, then click things: each gets its box. {key('box next')} is the "
            f"next guess. Seen from above ({key('top')}), Ctrl and a drag box what lies inside.",
        ),
        (
            panels.sides,
            "Pull it into shape",
            "Drag sides, corners, the middle, or the knob before the front. Ctrl stops at the "
            f"points. {key('box flip')} flips the heading, {key('box fit')} fits it anew.",
        ),
        (
            panels.classes,
            "Digits are classes",
            "Of the chosen box; before a click, of the boxes to come. "
            f"{key('box accept')} accepts what is dashed, {key('undo')} takes anything back.",
        ),
        (
            panels.strip,
            "The recording",
            f"{key('box copy')} copies a box to the next frame. {key('box keyframe')} copies it "
            f"ten frames on; {key('box between')} then sets those between. "
            f"{key('keys')} shows every key.",
        ),
    ]
