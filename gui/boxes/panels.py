"""The panels that stand around the view while boxes are drawn, and what joins them to the frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.answers.box import Box
from core.answers.box_history import lines_of
from core.boxes.geometry import points_per_box
from gui.boxes.bench import Bench
from gui.boxes.box_list import BoxList
from gui.boxes.box_list import Row as Line
from gui.boxes.class_bars import ClassBars
from gui.boxes.frame import Kind, Row
from gui.boxes.frame_picture import FramePicture
from gui.boxes.frame_strip import DECLINED, FINISHED, OPEN, QUEUED, REST, FrameStrip
from gui.boxes.frames_panel import FramesPanel
from gui.boxes.inspector import About, Inspector
from gui.boxes.keyframes import Following
from gui.boxes.score_slider import ScoreSlider
from gui.boxes.side_views import SideViews
from gui.desk.later import Later
from gui.look.colours import class_table
from gui.look.scrolled import Scrolled
from gui.look.theme import Theme

_TELL_MS = 50
_SHARES = {
    "Frames": 5,
    "Boxes": 4,
    "Classes": 3,
    "Box": 5,
    "Numbers": 5,
    "Camera": 5,
}  # of a side's height
_STATES = {
    Kind.UNSURE: "copied",
    Kind.FOUND: "predicted",
    Kind.REJECTED: "rejected",
    Kind.LABELLED: "labelled",
    Kind.GHOST: "missed?",
}


class Panels(QObject):
    """Each is told of what it shows, and tells what a person does with it.

    Signals
    -------
    chosen(name) : a box of the list is to be shown

    Attributes
    ----------
    docks : title -> the widget of a dock
    """

    chosen = Signal(str)

    def __init__(self, page: QWidget, bench: Bench, theme: Theme) -> None:
        super().__init__(bench)
        self.bench, self.state = bench, bench.state
        self.frames = FramesPanel(bench.state, bench.queue)
        self.list, self.sides = BoxList(theme), SideViews(theme)
        self.inspector, self.bars = Inspector(theme), ClassBars(theme)
        self.strip = FrameStrip(theme)
        self.score = ScoreSlider(bench.frame.least)
        self.score.moved.connect(bench.frame.set_least)
        self.score.hide()
        self.strip.hide()
        layout = page.layout()
        assert layout is not None
        layout.addWidget(self.strip)
        self.classes = QWidget()
        QVBoxLayout(self.classes).setContentsMargins(0, 0, 0, 0)
        table = class_table(bench.state.project.classes)
        self.following = Following(bench, self.strip)
        self.picture = FramePicture(bench, table, theme)
        self.picture.view.chosen.connect(self.chosen)
        self.docks: dict[str, QWidget] = {
            "Frames": self.frames,
            "Boxes": self._listed(),
            "Classes": self.classes,
            "Box": self.sides,
            "Numbers": Scrolled(self.inspector),
            "Camera": self.picture.view,
        }
        self._dressers: list[Callable[[Theme], object]] = []
        self._keys: Callable[[Callable[[str], str]], object] = lambda _: None
        self._wanted: Callable[[], int] = lambda: 0
        self._inside: dict[str, tuple[Box, int]] = {}  # by name, points of a box as it was
        self._sided = ""  # the box that the side views show
        self._telling = Later(self, _TELL_MS, self._tell)
        frame, state = bench.frame, bench.state
        frame.chose.connect(self._show_box)
        frame.changed.connect(self._show_box)
        frame.changed.connect(self._telling.soon)
        frame.chose.connect(self._telling.soon)
        state.answers_changed.connect(self._telling.soon)
        state.project_changed.connect(self._telling.soon)
        self.frames.chosen.connect(bench.show_frame)
        self.list.chosen.connect(self.chosen)
        self.strip.frame_chosen.connect(bench.show_frame)
        self.sides.edited.connect(self._drag)
        self.sides.rested.connect(self._rest)
        self.sides.committed.connect(lambda box: self._commit(box, "drag"))
        self.inspector.committed.connect(self._typed)
        classes = state.project.classes
        colours = class_table(classes)[: len(classes.names)]
        self.list.set_classes(classes.names, colours)
        self.bars.set_classes(classes.names, colours)
        self.inspector.set_classes(classes.names, colours, classes.boxed)
        self.sides.set_colours(colours)

    def _listed(self) -> QWidget:
        """The list, below the slider."""
        made = QWidget()
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.score)
        layout.addWidget(self.list)
        return made

    def take_palette(
        self, palette: QWidget, dress: Callable[[Theme], object], wanted: Callable[[], int]
    ) -> None:
        """Show the classes' buttons over their bars; they want so many pixels of height."""
        self._wanted = wanted
        layout = self.classes.layout()
        assert layout is not None
        layout.addWidget(palette)
        layout.addWidget(self.bars)
        self._dressers.append(dress)

    def take_keys(self, show: Callable[[Callable[[str], str]], object]) -> None:
        """Have keys written by somebody too."""
        self._keys = show

    def heights(self, titles: Sequence[str], high: int) -> list[int]:
        """Pixels of height for the docks of one side, `high` in all."""
        shares = [_SHARES[title] for title in titles]
        parts = [high * share // sum(shares) for share in shares]
        if "Classes" in titles:  # what its buttons and three bars need, and a bit for its title
            place = titles.index("Classes")
            wanted = min(self._wanted() + 100, high * 2 // 5)
            rest = sum(shares) - shares[place]
            parts = [(high - wanted) * share // rest for share in shares]
            parts[place] = wanted
        return parts

    def turn(self, on: bool) -> None:
        """Boxes are drawn, or points labelled."""
        self.strip.setVisible(on)
        if not on:
            self._sided = ""
            self.sides.set_box(None)

    # -- telling ------------------------------------------------------------------------------

    def show_scan(self) -> None:
        """Another frame is shown."""
        points = self.bench.points
        self._inside = {}
        if points is not None:
            self.sides.set_points(points.points, points.is_ground)
        self._show_box()
        self.strip.set_current(self.bench.frame.scan)
        self.picture.follow()
        self._telling.soon()

    def _show_box(self) -> None:
        """Show the chosen box from its sides; while one is in the hand, that is shown."""
        row = self.bench.frame.row
        if self.bench.on and not self.sides.dragging:
            self._sided = self.bench.frame.chosen
            self.sides.set_box(row.box if row is not None else None)

    def _tell(self) -> None:
        """Write the lists anew: behind the frame, which the eye waits for."""
        if not self.bench.on:
            return
        frame, boxes = self.bench.frame, self.state.project.boxes
        self.list.set_rows([self._line(row) for row in self._counted()], frame.chosen)
        row = frame.row
        if row is None:
            self.inspector.show_box(None)
        else:
            self.inspector.show_box(row.box, self._about(row), row.name)
        half = None if frame.detector is None else frame.detector.half_right_from
        self.score.show_score(frame.least, half)
        self.score.setVisible(frame.detected)
        shares = self.bench.queue.shares()
        counts = {label: count for label, (count, _) in shares.items()}
        limits = {label: share for label, (_, share) in shares.items()}
        self.bars.set_counts(counts or boxes.class_counts(), limits)
        self._tell_strip()
        self.following.follow()

    def _counted(self) -> list[Row]:
        """The boxes in sight, once the points in each are counted."""
        scan, rows = self.bench.points, self.bench.frame.shown
        known = self._inside
        self._inside = {
            row.name: known[row.name]
            for row in rows
            if row.name in known and known[row.name][0] is row.box
        }
        new = [row for row in rows if row.name not in self._inside]
        if new and scan is not None:
            counts = points_per_box(scan.points, np.array([row.box.box for row in new]))
            for row, count in zip(new, counts.tolist(), strict=True):
                self._inside[row.name] = row.box, int(count)
        return rows

    def _line(self, row: Row) -> Line:
        return Line(
            name=row.name,
            label=row.box.label,
            state="ignored" if row.box.ignore else self._state(row),
            points=self._inside.get(row.name, (row.box, 0))[1],
            score=row.score,
            away=float(np.hypot(*row.box.box[:2])),
            track=row.box.track,
            who=self._who(row),
        )

    def _state(self, row: Row) -> str:
        """What a box is so far, in a word; "" for one that a person vouches for."""
        between = self.bench.frame.is_interpolated(row)
        return "interpolated" if between else _STATES.get(row.kind, "")

    def _who(self, row: Row) -> str:
        blind = self.bench.frame.blind
        return "" if blind else self.state.project.boxes.drawn_by(row.name)

    def _about(self, row: Row) -> About:
        """What is known of a box beside its state."""
        points = self._inside.get(row.name, (row.box, 0))[1]
        origin, history = self._state(row), list[str]()
        if row.kind in (Kind.DRAWN, Kind.UNSURE) and not self.bench.frame.blind:
            project, scan = self.state.project, self.bench.frame.scan
            history = lines_of(project.answers, scan, row.name, project.classes.names)
            origin = origin or (history[-1] if history else "")
        return About(points, row.score, origin, history)

    def _tell_strip(self) -> None:
        """How far each frame of the sequence is."""
        bench, boxes = self.bench, self.state.project.boxes
        scan = bench.frame.scan
        frames = self.state.project.dataset.frames(scan) if scan else ()
        asked, begun, drawn = bench.queue.of_round, boxes.counts_by_scan(), boxes.boxes_by_scan()
        finished, settled = boxes.finished, boxes.settled
        states = [
            FINISHED
            if scan in finished
            else DECLINED
            if scan in settled
            else OPEN
            if scan in begun
            else QUEUED
            if scan in asked
            else REST
            for scan in frames
        ]
        if bench.frame.blind:
            states, drawn = [QUEUED if s in bench.queue.sample else REST for s in frames], {}
        counts = np.array([drawn.get(scan, 0) for scan in frames], np.int64)
        self.strip.set_frames(frames, np.array(states, np.uint8), counts)
        self.strip.set_current(scan)

    # -- what a person does -------------------------------------------------------------------

    def _typed(self, box: Box) -> None:
        """A field was given another value: it is of the box that the fields show."""
        name, frame = self.inspector.name, self.bench.frame
        if name not in frame.rows:
            self.state.told.emit("Not kept: the box of what was typed is not shown any more.")
        elif not self.bench.answering.change({name: box.edited()}, "typed"):
            self._telling.soon()

    def _drag(self, box: Box) -> None:
        """The box of the side views is being dragged: it looks so elsewhere too, while it is the
        chosen one."""
        if self._sided == self.bench.frame.chosen:
            self.bench.frame.drag(box)

    def _rest(self) -> None:
        """It was let go as it was; another may have been chosen meanwhile."""
        if self.bench.frame.live is not None:
            self.bench.frame.drag(None)
        self._show_box()

    def _commit(self, box: Box, tool: str) -> None:
        """A handle was let go: it is of the box that the side views show, whichever is chosen by
        now. What else was said of that box meanwhile stays."""
        frame = self.bench.frame
        row = frame.rows.get(self._sided)
        if row is None:
            self.state.told.emit("Not kept: the box that was dragged is not there any more.")
        elif self.bench.answering.change({row.name: row.box.edited(box=box.box)}, tool):
            return
        self._rest()

    def refresh(self) -> None:
        """The frames that are asked are others."""
        self.frames.refresh()
        self._telling.soon()

    def count_words(self, label: int) -> str:
        """How many boxes a class has, in words."""
        count = self.state.project.boxes.class_counts().get(label, 0)
        return "1 box" if count == 1 else f"{count:,} boxes"

    def shut(self) -> None:
        """Take nothing more from the background."""
        self.picture.shut()
        self.following.shut()

    def show_keys(self, key_of: Callable[[str], str]) -> None:
        """Write the keys that actions have now, by their ids."""
        self._keys(lambda id: key_of(f"box {id}"))

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        parts = (self.list, self.sides, self.inspector, self.bars, self.strip, self.picture.view)
        for part in parts:
            part.set_theme(theme)
        for dress in self._dressers:
            dress(theme)
