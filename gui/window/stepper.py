"""The stepper: the five steps of a round, each with its state; it is the toolbar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QToolBar, QToolButton

from gui.desk.state import State
from gui.look.flow import Flow
from gui.look.steady import SteadyButton
from gui.window.task_switch import TaskSwitch

_ASK = "Choose the units worth asking about"
_MANY = 888  # what a query may well ask: room is kept for it before one is asked
DONE, NOW, WAITING = "done", "now", "waiting"


@dataclass(frozen=True)
class Step:
    """One step: the action that does it, what its button says, its state and why; and what it may
    say later in the round."""

    action: str
    text: str
    state: str
    why: str
    later: tuple[str, ...] = ()


def steps(state: State, running: str | None) -> list[Step]:
    """The five steps of the round that is on the table."""
    project, summary = state.project, state.summary
    tip, current = summary.tip, summary.round
    prepared = project.units is not None
    waiting = summary.waiting if current else 0
    asked = summary.asked if current else 0
    answered, most = asked - waiting, max(asked, _MANY)
    trained, scored = summary.trained, summary.scored
    # After its training a round's open items stay on the table until the next query is asked.
    asks = current is None or scored
    may_ask = prepared and asks and (tip is None or scored)
    number = len(project.branch(tip)) + 1 if prepared else 1
    back = f"; the {waiting:,} open ones go back to the pool" if waiting else ""
    would = f"{state.estimates.words()}{back}" if may_ask else ""

    def step(action: str, text: str, done: bool, ready: bool, why: str, *later: str) -> Step:
        return Step(action, text, DONE if done else NOW if ready else WAITING, why, later)

    listed = [
        step("prepare", "Prepare", prepared, True, "Split the scans in units and partitions"),
        step(
            "ask",
            f"Ask round {number}" if asks else f"Asked {asked:,}",
            not asks,
            prepared and (tip is None or scored),
            would if may_ask else _ASK if prepared else "Waits for Prepare",
            f"Ask round {number + 1}",
            f"Asked {most:,}",
        ),
        step(
            "label",
            f"Label {answered:,}/{asked:,}" if current else "Label",
            current is not None and waiting == 0,
            current is not None,
            "Answer the queued units" if current else "Waits for a query",
            f"Label {most:,}/{most:,}",
        ),
        step(
            "train",
            "Training …" if running == "Train" else "Train",
            trained and scored,
            answered > 0 and not scored,
            "Train on all answers, score and evaluate" if not asks else "Waits for answers",
            "Training …",
        ),
        step(
            "evaluate",
            "Evaluate",
            scored,
            False,
            "Measure mIoU on the validation scans" if trained else "Waits for Train",
        ),
    ]
    # Only the first step that can be done is the one to do now.
    now = [place for place, one in enumerate(listed) if one.state == NOW]
    if running is None and len(now) > 1:
        keep = 2 if 2 in now and waiting else now[-1] if 2 not in now else 3
        listed = [
            replace(one, state=WAITING) if one.state == NOW and place != keep else one
            for place, one in enumerate(listed)
        ]
    return listed


class Stepper(QToolBar):
    """The row of steps, the project's name before it, the job's buttons behind."""

    def __init__(self, state: State, run: Callable[[str], object]) -> None:
        super().__init__("Steps")
        self.setObjectName("stepper")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.state = state
        self.buttons: dict[str, SteadyButton] = {}
        flow = Flow()
        name = QLabel(f"  {state.project.path.name}  ")
        name.setObjectName("heading")
        flow.add(name)
        flow.add(TaskSwitch("points", run))
        for place, one in enumerate(steps(state, None), start=1):
            if place > 1:
                arrow = QLabel("›")
                arrow.setObjectName("quiet")
                flow.add(arrow)
            flow.add(self._button(one.action, one.text, run))
            self._keep_room(place, one)  # before the window is laid out: its rows stay as many
        for id, text in (("oracle", "Oracle"), ("export", "Export"), ("cancel", "Cancel")):
            if id != "oracle" or state.project.research:
                flow.add(self._button(id, text, run), right=True)
        self.addWidget(flow)
        self.running: str | None = None

    def _button(self, id: str, text: str, run: Callable[[str], object]) -> SteadyButton:
        button = SteadyButton(text)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: run(id))
        self.buttons[id] = button
        return button

    def _keep_room(self, place: int, one: Step) -> None:
        texts = [f"{m}  {text}" for m in ("✓", str(place)) for text in (one.text, *one.later)]
        self.buttons[one.action].keep_room(*texts)

    def refresh(self, running: str | None, why_not: Callable[[str], str | None]) -> None:
        """Bring texts and states up to date; `why_not` tells for an action's id."""
        self.running = running
        for place, one in enumerate(steps(self.state, running), start=1):
            button = self.buttons[one.action]
            mark = "✓" if one.state == DONE else str(place)
            reason = why_not(one.action)
            self._keep_room(place, one)
            _say(button, f"{mark}  {one.text}", reason is None, reason or one.why)
            primary = one.state == NOW and reason is None
            if button.property("primary") != primary:
                button.setProperty("primary", primary)
                button.style().unpolish(button)
                button.style().polish(button)
        for id in ("oracle", "export", "cancel"):
            if id not in self.buttons:
                continue
            reason = why_not(id)
            _say(self.buttons[id], self.buttons[id].text(), reason is None, reason or "")


def _say(button: QToolButton, text: str, enabled: bool, tip: str) -> None:
    """Touch only a button that changes: each touch is laid out and drawn."""
    if (button.text(), button.isEnabled(), button.toolTip()) != (text, enabled, tip):
        button.setText(text)
        button.setEnabled(enabled)
        button.setToolTip(tip)
