"""Answering by boxes: what keys, clicks and handles do while the frames' boxes are drawn.

The same calls as gui.points.work.PointsWork has: the session asks its `work`, whichever it is.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from core.answers.box import BOXES, COPY, FRAMES, INTERPOLATE
from core.answers.entry import Head
from core.base.errors import ProjectError
from gui.boxes.bench import Bench
from gui.boxes.finishing import Finishing
from gui.boxes.frame import Kind
from gui.boxes.gate import BoxGate
from gui.boxes.in_view import BoxView
from gui.boxes.lost_frames import LostFrames
from gui.boxes.panels import Panels
from gui.desk.state import State
from gui.look.theme import Theme
from gui.view.view import CloudView

KEYFRAME = 10  # frames from one keyframe to the next
_DID = {
    "click": "new box",
    "guess": "another guess",
    "class": "class",
    "rectangle": "new box",
    "key": "change",
    "drag": "change",
    "fit": "fit",
    "shrink": "shrink",
    "ground": "stood on the ground",
    "accept": "accepted",
    "accept all": "all accepted",
    "delete": "taken away",
    COPY: "copies",
    INTERPOLATE: "boxes between keyframes",
    "finish": "frame finished",
}
_SAID = {"decline": "frame declined", "reopen": "frame opened again"}  # of a frame, by the verb


class BoxesWork(QObject):
    """The boxes of frames, in the same view as the points.

    Signals
    -------
    elsewhere(redo) : the newest answer to be taken back, or brought again, is about points
    """

    elsewhere = Signal(bool)

    def __init__(self, page: QWidget, view: CloudView, state: State, theme: Theme) -> None:
        super().__init__(state)
        self.state = state
        self.view = view
        self.bench = bench = Bench(state)
        self.queue, self.frame, self.answering = bench.queue, bench.frame, bench.answering
        self.making, self.editing, self.copying = bench.making, bench.editing, bench.copying
        self.in_view = BoxView(view, state, self.frame, self.making, theme)
        self.in_view.card.before = lambda: self.copying.before
        self.gate = BoxGate(view, state, self.frame)
        self.finishing = Finishing(bench)
        self.blind, self.lost = self.finishing.blind, LostFrames(self.finishing)
        self.gate.busy = self._is_busy
        self.panels = Panels(page, bench, theme)
        self._choose: tuple[str, str] = ("", "")  # a box, or a track, to choose in the next frame
        self._rounds = len(state.project.frame_rounds)
        self._seen = False  # whether the camera was put over the scan
        self._over = ""  # the frame that was shown last
        state.scan_shown.connect(self._show)
        state.answers_changed.connect(self._follow)
        state.target_changed.connect(lambda _: self._arrived())
        state.project_changed.connect(self._renew)
        self.making.turned.connect(self.gate.again)
        self.panels.chosen.connect(self._show_box)
        self.bench.left.connect(lambda: self.gate.drop("another frame was chosen"))
        self.bench.led.connect(self.gate.lead)
        self.copying.arrived.connect(self._arrive)
        self.finishing.looked.connect(self.gate.again)
        self.finishing.chose.connect(self.in_view.bring)
        self.blind.asks_others.connect(self.panels.refresh)
        self.blind.asks_others.connect(lambda: self.gate.drop("other frames are asked now"))
        self.blind.hid.connect(self._show)

    def _is_busy(self) -> bool:
        """Whether what a key began is not there yet."""
        return self.making.fitting or self.copying.copying or self.finishing.looking

    # -- on and off ---------------------------------------------------------------------------

    def turn(self, on: bool) -> None:
        """Draw boxes, or leave the view to the points."""
        self.bench.on = on
        self._seen = self._seen and on
        self.in_view.turn(on)
        self.panels.turn(on)
        if not on:
            self.making.arm(False)
            self.blind.end()
            self.gate.drop("points are labelled again")
        else:
            self.making.begin_warm()
            self.bench.look_for_found()

    def begin(self) -> None:
        """Show the frame that was shown, where it is one to draw in, else the first open one."""
        shown, asked = self.state.shown_scan, self.queue.of_round
        first = self.queue.after("") if asked and shown not in asked else None
        scan = first or shown or self.state.project.dataset.scans[0]
        self.bench.show(scan)
        if self.state.coming is None:  # it was shown before, to be labelled by points
            self._show()

    def resume(self) -> bool:
        """Every box is written when it is drawn: nothing is ever left open."""
        return False

    def _show(self) -> None:
        content = self.state.content
        if not self.bench.on or content is None:
            return
        if content.scan != self.frame.scan:
            self.finishing.begin_frame()
            self.lost.begin_frame()
        self.frame.blind = content.scan in self.queue.sample
        self.frame.read(content.scan)
        self.bench.look_for_labelled()
        self.panels.show_scan()
        if not self._seen or self._is_elsewhere(self._over):
            self._seen = True
            self.in_view.overview()
        self._over = content.scan
        scan, wanted = self._choose
        if scan == content.scan:
            tracks = {row.box.track: name for name, row in self.frame.rows.items()}
            self.frame.choose(wanted if wanted in self.frame.rows else tracks.get(wanted, ""))
            self.in_view.bring()
        self._choose = ("", "")
        for by in (1, -1):
            beside = self.queue.beside(content.scan, by)
            if beside is not None:
                self.state.loader.ask(beside)
        after = self.queue.after(content.scan)
        if after is not None:
            self.state.loader.ask(after)

    def _arrived(self) -> None:
        """What was on its way is there. A frame that one came back to before another was read is
        shown by nothing else."""
        content = self.state.content
        if self.bench.on and self.state.coming is None and content is not None:
            if self.frame.scan != content.scan:
                self._show()
        self.in_view.tell()

    def _is_elsewhere(self, before: str) -> bool:
        """Whether the shown frame is of another place than the one before: what was near to the
        camera there is not here."""
        now = self.frame.scan
        frames = self.state.project.dataset.frames(now)
        return before not in frames or abs(frames.index(before) - frames.index(now)) > KEYFRAME

    def _renew(self) -> None:
        """A step has ended: frames may be asked, or boxes found by a detector."""
        if not self.bench.on:
            return
        self.bench.look_for_found()
        asked = len(self.state.project.frame_rounds)
        if asked > self._rounds and not self.frame.blind:
            self._rounds = asked
            self.finishing.begin_open()

    def _show_box(self, name: str) -> None:
        self.frame.choose(name)
        self.in_view.bring()

    def _follow(self) -> None:
        if self.bench.on:
            self.frame.follow()
            self.in_view.tell()

    # -- what the session asks ----------------------------------------------------------------

    def answer(self, label: int) -> None:
        """Give the chosen box a class; where none is chosen, the boxes to come."""
        if self.frame.row is None:
            same = self.making.label == label
            self.making.set_label(None if same else label)
            name = self.state.class_name(label)
            self.state.told.emit(
                "New boxes are of the class whose size is nearest."
                if same
                else f"New boxes are {name}; press the key again for the nearest size."
            )
        elif not self.making.recast(label):
            self.editing.give(label)

    def accept(self) -> None:
        """Vouch for the chosen box, and choose the next one that is open."""
        self.editing.accept()
        self.in_view.bring()

    def step(self, by: int) -> None:
        """The next guess of a box that was just made, else the next box."""
        if not self.making.next_guess(by):
            self.editing.step(by)
            self.in_view.bring()

    def decline(self) -> None:
        """Say that the frame cannot be labelled; it is asked no more until it is opened again."""
        self.finishing.decline()

    def finish(self) -> None:
        """Say that all things of the frame have their boxes, and go to the next open one."""
        self.finishing.finish()

    def second_opinion(self) -> None:
        """Draw frames blind that others finished; or end it."""
        self.blind.turn()

    def leave(self) -> bool:
        """Put away the mouse's tool, what may have been missed, the choice, the second opinion;
        return whether there was any."""
        ghosts = any(row.kind is Kind.GHOST for row in self.frame.rows.values())
        if self.making.armed:
            self.making.arm(False)
        elif ghosts:
            self.frame.offer([], Kind.GHOST)
            self.frame.chose.emit()
        elif self.frame.chosen:
            self.frame.choose("")
        elif self.making.label is not None:
            self.making.set_label(None)
        elif self.queue.sample:
            self.blind.end()
        else:
            return False
        return True

    @property
    def at_work(self) -> str:
        """How units that are asked anew are come to: nobody takes the frame away from who draws in
        it."""
        return "Your frame stays: Points (F4) leads to them."

    @property
    def in_stroke(self) -> bool:
        """Whether something is being dragged: then the view must not change its size."""
        return self.in_view.draw_tool.busy or self.panels.sides.dragging

    def show_keys(self, key_of: Callable[[str], str]) -> None:
        """Write the keys that actions have now, by their ids."""
        self.in_view.card.key_of = key_of
        self.in_view.tell()
        self.panels.show_keys(key_of)

    def set_theme(self, theme: Theme) -> None:
        self.in_view.set_theme(theme)
        self.panels.set_theme(theme)

    # -- undo ---------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back one's newest answer, and go there."""
        self._turn(redo=False)

    def redo(self) -> None:
        """Bring back what the last undo took, and go there."""
        self._turn(redo=True)

    def _turn(self, *, redo: bool) -> None:
        state, answers = self.state, self.state.project.answers
        history = answers.history
        try:
            acts = history.redoable() if redo else history.undoable()
            if acts and acts[0].kind not in (BOXES, FRAMES):
                self.elsewhere.emit(redo)
                return
            head = answers.redo() if redo else answers.undo()
            act = history.act(head) if head is not None else []
            at = history.asked_at(head) if head is not None and len(act) > 1 else ""
        except ProjectError as error:
            state.failed.emit(error)
            return
        if head is None:
            state.told.emit("Nothing to redo." if redo else "Nothing to undo.")
            return
        here = next((one for one in act if one.scan == at), head)
        self.state.activity.take()
        self._go_to(here)
        done = _SAID.get(head.verb) or _DID.get(head.tool, head.tool)
        many = f", {len(act):,} boxes" if len(act) > 1 else ""
        state.told.emit(f"{'Redone' if redo else 'Undone'}: {done}{many}.")

    def _go_to(self, head: Head) -> None:
        """Show what an entry was about, as it is now."""
        if head.blind != self.frame.blind:
            self.blind.end()
        unit = head.unit if head.kind == BOXES else ""
        if head.scan == self.state.shown_scan:
            self.frame.read(head.scan)
            if unit in self.frame.rows:
                self.frame.choose(unit)
                self.in_view.bring()
        else:
            self._choose = (head.scan, unit)
            self.bench.show(head.scan)

    # -- frames -------------------------------------------------------------------------------

    def step_frame(self, by: int) -> None:
        """Show the frame so many places later in its sequence, or as near as there is one."""
        here, step = self.state.reached, by
        if here not in self.state.project.dataset.frames(here):  # its file is gone
            here = self.state.shown_scan
        while step and (found := self.queue.beside(here, step)) is None:
            step -= 1 if by > 0 else -1
        if not step or found is None:
            end = "last" if by > 0 else "first"
            self.state.told.emit(f"This is the {end} frame of its sequence.")
            return
        row = self.frame.row
        if row is not None and row.box.track:
            self._choose = (found, row.box.track)
        self.bench.show(found)

    def _arrive(self, scan: str, track: str) -> None:
        self._choose = (scan, track)
        self.bench.lead(scan)

    def shut(self) -> None:
        """Take nothing more from the background."""
        self.finishing.shut()
        self.bench.shut()
        self.panels.shut()
        self.gate.shut()
        self.in_view.shut()
