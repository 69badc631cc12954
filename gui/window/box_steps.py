"""The toolbar while boxes are drawn: asking for frames, how far they are, finishing one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolBar

from gui.boxes.work import BoxesWork
from gui.look.flow import Flow
from gui.look.steady import SteadyButton
from gui.window.task_switch import TaskSwitch


class BoxSteps(QToolBar):
    """The project's name, what is drawn, the steps of a round of frames, the job's buttons."""

    def __init__(self, work: BoxesWork, run: Callable[[str], object]) -> None:
        super().__init__("Steps of boxes")
        self.setObjectName("box steps")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.work = work
        self.buttons: dict[str, SteadyButton] = {}
        project = work.state.project
        flow = Flow()
        name = QLabel(f"  {project.path.name}  ")
        name.setObjectName("heading")
        flow.add(name)
        flow.add(TaskSwitch("boxes", run))
        for place, (id, text) in enumerate(
            (
                ("ask", "Ask for frames"),
                ("label", "Frames"),
                ("box finish", "Frame finished"),
                ("train boxes", "Train"),
                ("deliver", "Deliver"),
            )
        ):
            if place:
                arrow = QLabel("›")
                arrow.setObjectName("quiet")
                flow.add(arrow)
            flow.add(self._button(id, text, run))
        for id, text in (("oracle", "Oracle"), ("export", "Export"), ("cancel", "Cancel")):
            if id != "oracle" or project.research:
                flow.add(self._button(id, text, run), right=True)
        self.addWidget(flow)
        self.buttons["label"].setToolTip("Go to the first open frame")

    def _button(self, id: str, text: str, run: Callable[[str], object]) -> SteadyButton:
        button = SteadyButton(text)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: run(id))
        self.buttons[id] = button
        return button

    def refresh(self, running: str | None, why_not: Callable[[str], str | None]) -> None:
        """Bring texts and states up to date; `why_not` tells for an action's id."""
        done, asked = self.work.queue.counts()
        budget = self.work.queue.budget()
        text, most = f"Frames {done:,}/{asked:,}", f"Frames {asked:,}/{asked:,}"
        if budget is not None:
            text, most = f"Boxes {budget[0]:,}/{budget[1]:,}", f"Boxes {budget[1]:,}/{budget[1]:,}"
        self.buttons["label"].keep_room(most)
        if self.buttons["label"].text() != text:
            self.buttons["label"].setText(text)
        primary = "ask" if asked == done else "box finish"
        for id, button in self.buttons.items():
            reason = why_not(id)
            button.setEnabled(reason is None)
            if reason is not None or id in ("ask", "box finish"):
                button.setToolTip(reason or "")
            wanted = id == primary and reason is None
            if bool(button.property("primary")) != wanted:
                button.setProperty("primary", wanted)
                button.style().unpolish(button)
                button.style().polish(button)
        self.work.panels.frames.set_reason(why_not("ask"))
