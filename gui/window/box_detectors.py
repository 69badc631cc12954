"""Detectors of an open project in the window: trained in the background, their bank inspected."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from core.base.jobs import Job
from core.boxes.ssal.cpsp import BANK
from core.project.project import Project
from gui.desk.background import Background
from gui.look.colours import class_table
from gui.look.theme import Theme
from gui.window.exchange import Run, Told


class BoxDetectors:
    """Steps of a project in the background; `run` starts one by its name and tells its outcome."""

    def __init__(
        self,
        project: Project,
        run: Run,
        background: Background,
        theme: Theme,
    ) -> None:
        self._project, self._run, self._background = project, run, background
        self.theme = theme

    def train(self) -> None:
        """Train the round's detectors, compare them, find boxes to accept."""

        def work(job: Job) -> Told:
            from core.project.box_status import compared
            from core.project.box_training import models_folder
            from models.box_steps import train_boxes

            said = train_boxes(self._project, job)
            worth = compared(self._project, models_folder(self._project)) or " ".join(said)
            return Told("The detectors are trained; what they find is dashed.", worth)

        self._run("Train detectors", work)

    def deliver(self) -> None:
        """Train the final detector and let it look at every frame."""

        def work(job: Job) -> Told:
            from models.box_deliver import deliver_boxes

            return Told("The final detector is trained.", f"{deliver_boxes(self._project, job)}.")

        self._run("Deliver", work)

    def bank(self) -> Path | None:
        """The newest folder that holds a bank, None where none was made."""
        from core.project.box_training import models_folder
        from core.rounds.box_models import FIRST

        folders = [found.folder for found in reversed(self._project.frame_rounds)]
        for folder in [*folders, models_folder(self._project).with_name(FIRST)]:
            if (folder / BANK).exists():
                return folder
        return None

    def open_bank(self, over: QWidget) -> None:
        """Show the objects that pseudo scenes are made of."""
        from gui.boxes.bank_page import BankPage

        folder = self.bank()
        if folder is not None:
            classes = self._project.classes
            colours = class_table(classes)[: len(classes.names)]
            page = BankPage(over, self._project, folder, colours, self.theme, self._background)
            page.show()
            page.activateWindow()
