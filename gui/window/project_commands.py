"""The rows of the table of actions that an open project has, whatever is answered in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gui.window.actions import Action
from gui.window.faces import Shell

if TYPE_CHECKING:
    from gui.window.session import Session


def shared(window: Shell, session: Session) -> dict[str, Action]:
    """By id: each kind of work puts them where they belong among its own."""
    rows = [
        Action("start", "Close the project", ("Ctrl+W",), "Project",
               "Go back to the start page.", window.show_start),
        Action("settings", "Settings …", ("Ctrl+,",), "Project",
               "What project.toml holds, with the source of each value.", window.open_settings),
        Action("classes", "Classes …", (), "Project",
               "Names, colours, keys and raw ids; add classes, merge them.",
               window.open_classes, session.no.change),
        Action("layout", "Reset the layout", (), "View",
               "Put every panel back where it was at first.", window.reset_layout),
        Action("merge", "Merge another's answers …", (), "Project",
               "Bring the journals of another copy of this project in.",
               lambda: window.choose_for("Their project", session.steps.merge), session.no.change),
        Action("prepare", "Prepare", ("F5",), "Round",
               "Split the scans in units and partitions.", session.steps.prepare,
               session.no.prepare),
        Action("report", "Report on the preparation …", ("Shift+F5",), "Round",
               "What became of the points, with pictures of typical scans and each scan's share.",
               window.open_report, session.no.report),
        Action("cancel", "Cancel", ("Ctrl+.",), "Round",
               "Stop the running step; what it finished is kept.",
               session.steps.cancel, session.no.cancel),
        Action("boxes", "Boxes instead of points", ("F4",), "View",
               "Draw 3D boxes in whole frames, or label the points of units.",
               window.change_task, checked=lambda: session.work is not session.points),
    ]  # fmt: skip
    return {row.id: row for row in rows}
