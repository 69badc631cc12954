"""The page that starts an experiment, or goes on with one: what, where, how often."""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError
from core.base.paths import home
from core.experiment.names import PROTOCOLS
from core.experiment.read_spec import read_spec, titles
from gui.desk.background import Background, Turn, bring
from gui.experiments.plan import Plan, Typed, free_out, known, plan
from gui.experiments.process import Order
from gui.look.combo import Combo
from gui.look.scrolled import Scrolled
from gui.look.spin import pad
from gui.look.words import Wrapped, breakable
from gui.start.field import Field
from gui.start.folders import choose_folder

_REST_MS = 150  # of the keys, before what is typed is looked up
_PROTOCOLS = {
    "equal": "equal steps for every arm",
    "paper": "the paper's epochs, as published",
}
_FIRST = "town"  # needs no scans


class NewExperiment(QWidget):
    """Filled so that it can be started as it is.

    Signals
    -------
    started(Order) : the person wants it run
    chosen(path) : a folder of an experiment, to watch
    """

    started = Signal(object)
    chosen = Signal(Path)

    def __init__(self, background: Background) -> None:
        super().__init__()
        self._background = background
        self._asked: Future[Plan] | None = None
        self._starting = False  # once it was looked up
        self.plan: Plan | None = None
        self._own_out = False  # whether the person named the folder
        self.what = Combo()
        for name, words in titles().items():
            self.what.addItem(f"{name}: {words}", name)
        self.what.setCurrentIndex(self.what.findData(_FIRST))
        own = QPushButton("Own spec …")
        own.setToolTip("Choose a .toml file (docs/experiments.md says what is in it).")
        own.clicked.connect(self._choose_spec)
        self.root, self.out = QLineEdit(), QLineEdit(free_out(_FIRST))
        self.root.setPlaceholderText("the folder that the scans lie in")
        self.seeds = QLineEdit("0-4")
        self.workers = QSpinBox()
        self.workers.setRange(1, 64)
        self.workers.setToolTip("Processes that train at the same time; one for each GPU.")
        pad(self.workers)
        self.protocol = Combo()
        for name in PROTOCOLS:
            self.protocol.addItem(_PROTOCOLS[name], name)
        self.fields = {
            "what": Field(_beside(self.what, own)),
            "root": Field(_beside(self.root, self._browse("the scans", self.root))),
            "out": Field(_beside(self.out, self._browse("the results", self.out))),
            "seeds": Field(self.seeds),
        }
        for name, edit in (("what", self.what), ("root", self.root), ("out", self.out)):
            self.fields[name].setFocusProxy(edit)
        self.about = Wrapped(name="quiet")
        below = self.fields["what"].layout()
        assert below is not None
        below.addWidget(self.about)
        self.form = QFormLayout()
        self.form.setVerticalSpacing(9)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        self.form.addRow("&Experiment", self.fields["what"])
        self.form.addRow("Sc&ans", self.fields["root"])
        self.form.addRow("&Results", self.fields["out"])
        self.form.addRow("&Seeds", self.fields["seeds"])
        self.form.addRow("&Workers", self.workers)
        self.form.addRow("&Training", self.protocol)
        self.words = Wrapped()
        self.watch = QPushButton("W&atch it")
        self.watch.clicked.connect(self._watch)
        self.watch.hide()
        self.button = QPushButton("&Start")
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.start)
        end = QHBoxLayout()
        end.addWidget(self.words, 1)
        end.addWidget(self.watch)
        end.addWidget(self.button)
        card = _card("Start an experiment")
        inner = card.layout()
        assert isinstance(inner, QVBoxLayout)
        inner.addLayout(self.form)
        inner.addLayout(end)
        self.before = _card("Go on, or look again")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        there = self.before.layout()
        assert isinstance(there, QVBoxLayout)
        there.addLayout(self._rows)
        other = QPushButton("Open another &folder …")
        other.clicked.connect(self._open)
        there.addWidget(other, 0, Qt.AlignmentFlag.AlignLeft)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(28, 22, 28, 22)
        layout.setSpacing(14)
        title = QLabel("Experiments")
        title.setObjectName("title")
        layout.addWidget(title)
        layout.addWidget(
            Wrapped(
                "Which questions are worth a person's time? Strategies side by side, with equal "
                "training, a control without new labels, and only the orders that the data allow.",
                "quiet",
            )
        )
        layout.addWidget(card)
        layout.addWidget(self.before)
        layout.addStretch()
        middle = QWidget()
        wide = QHBoxLayout(middle)
        wide.setContentsMargins(0, 0, 0, 0)
        wide.addStretch(1)
        inside.setMaximumWidth(1000)
        wide.addWidget(inside, 1000)
        wide.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(Scrolled(middle))
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._look)
        self.out.textEdited.connect(self._named)
        for edit in (self.root, self.out, self.seeds):
            edit.textChanged.connect(self._typed)
            edit.returnPressed.connect(self.start)
        self.what.currentIndexChanged.connect(self._other)
        self.protocol.currentIndexChanged.connect(self._typed)
        self.refill()
        self._look()

    # -- what is typed ------------------------------------------------------------------------

    def refill(self) -> None:
        """List the experiments that were seen before."""
        while self._rows.count():
            taken = self._rows.takeAt(0)
            row = taken.widget() if taken is not None else None
            if row is not None:
                row.deleteLater()
        paths = known()
        for path in paths[:6]:
            row = QPushButton(breakable(str(path)))
            row.setToolTip(str(path))
            row.setStyleSheet("text-align: left;")
            row.clicked.connect(partial(self.chosen.emit, path))
            self._rows.addWidget(row)
        if not paths:
            self._rows.addWidget(Wrapped("Experiments you started or opened appear here.", "quiet"))

    def typed(self) -> Typed:
        return Typed(
            str(self.what.currentData()),
            self.out.text(),
            self.root.text(),
            self.seeds.text(),
            self.workers.value(),
            str(self.protocol.currentData()),
        )

    def look_again(self) -> None:
        """The folders may have changed meanwhile."""
        self._look()

    @property
    def settled(self) -> bool:
        """Whether what is said is of what is typed."""
        return not self._rest.isActive() and self._asked is None

    def _named(self, _: str) -> None:
        self._own_out = True

    def _other(self, *_: object) -> None:
        if not self._own_out:
            self.out.setText(free_out(str(self.what.currentData())))
        self._typed()

    def _typed(self, *_: object) -> None:
        self._starting = False  # it was of what was typed before
        self._rest.start()

    def _look(self) -> None:
        self._rest.stop()
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self._background.submit(partial(plan, self.typed()), Turn.NOW)
        bring(self._asked, self, self._show)

    def _show(self, done: Future[Plan]) -> None:
        if done is not self._asked or done.cancelled():
            return  # of what was typed before
        self._asked, starting, self._starting = None, self._starting, False
        self._say(done.result())
        if starting:
            self._begin(done.result())

    def _say(self, found: Plan) -> None:
        self.plan = found
        for name, box in self.fields.items():
            box.tell(found.wrong.get(name, ""))
        spec = found.spec
        self.about.setText("" if spec is None else spec.about)
        self.form.setRowVisible(self.fields["root"], spec is None or spec.made is None)
        self.form.setRowVisible(self.protocol, spec is None or not spec.table)
        self.words.setText(found.words)
        self.button.setText("&Go on" if found.goes_on else "&Start")
        self.watch.setVisible(found.goes_on)
        self.button.setEnabled(not found.wrong)
        self.setMinimumWidth(0)

    # -- what is done -------------------------------------------------------------------------

    def start(self) -> None:
        """Run what is typed, or say at its field what is wrong; once it was looked up, beside the
        window, since a disk may be slow."""
        self._starting = True
        self.button.setEnabled(False)
        self.words.setText("Looking at what is typed …")
        self._look()

    def _begin(self, found: Plan) -> None:
        if found.wrong:
            self.fields[next(iter(found.wrong))].setFocus()
        else:
            self.started.emit(found.order)

    def _watch(self) -> None:
        if self.plan is not None and self.plan.order is not None:
            self.chosen.emit(self.plan.order.out)

    def fill(self, order: Order) -> None:
        """Show a run's words, to change what was wrong."""
        self._own_out = True
        self.add_spec(order.name)
        self.out.setText(str(order.out))
        self.root.setText("" if order.root is None else str(order.root))
        self.seeds.setText(order.seeds)
        self.workers.setValue(order.workers)

    def add_spec(self, name: str) -> None:
        """Choose a spec, one of ours or a file."""
        at = self.what.findData(name)
        if at < 0:
            self.what.addItem(f"{Path(name).name}: {_title(name)}", name)
            at = self.what.count() - 1
        self.what.setCurrentIndex(at)

    def _choose_spec(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a spec", str(home()), "*.toml")
        if chosen:
            self.add_spec(chosen)

    def _browse(self, what: str, edit: QLineEdit) -> QPushButton:
        made = QPushButton("…")
        made.setAccessibleName(f"Choose the folder of {what}")
        made.clicked.connect(lambda: self._chosen(what, edit))
        return made

    def _chosen(self, what: str, edit: QLineEdit) -> None:
        chosen = choose_folder(self, f"Folder of {what}")
        if chosen is not None:
            self._own_out |= edit is self.out
            edit.setText(str(chosen))

    def _open(self) -> None:
        chosen = choose_folder(self, "Folder of an experiment")
        if chosen is not None:
            self.chosen.emit(chosen)


def _title(name: str) -> str:
    try:
        return read_spec(name).title
    except ProjectError:  # told at the field
        return "cannot be read"


def _beside(edit: QWidget, button: QPushButton) -> QWidget:
    made = QWidget()
    layout = QHBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(edit, 1)
    layout.addWidget(button)
    return made


def _card(title: str) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(22, 18, 22, 18)
    layout.setSpacing(12)
    heading = QLabel(title)
    heading.setObjectName("heading")
    layout.addWidget(heading)
    return card
