"""The panels that stand around the view while boxes are drawn, and what joins them to the frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from gui.boxes.frames_panel import FramesPanel
from gui.look.theme import Theme

if TYPE_CHECKING:
    from gui.boxes.work import BoxesWork


class Panels(QObject):
    """Each is told of what it shows, and tells what a person does with it.

    Attributes
    ----------
    docks : title -> the widget of a dock
    """

    def __init__(self, page: QWidget, work: BoxesWork, theme: Theme) -> None:
        super().__init__(work)
        self.work, self.page = work, page
        self.frames = FramesPanel(work.state, work.queue)
        self.frames.chosen.connect(work.show_frame)
        self.docks: dict[str, QWidget] = {"Frames": self.frames}

    def turn(self, on: bool) -> None:
        """Boxes are drawn, or points labelled."""

    def show_scan(self) -> None:
        """Another frame is shown."""

    def refresh(self) -> None:
        """The frames that are asked are others."""
        self.frames.refresh()

    def show_keys(self, key_of: Callable[[str], str]) -> None:
        """Write the keys that actions have now, by their ids."""

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
