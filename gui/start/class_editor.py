"""The editor of a class list, the same before a project is made and later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.base.errors import ProjectError, SettingsError
from core.data.class_changes import merged, new_row, unmerged, with_rows
from core.data.class_colours import alike
from core.data.class_rows import ClassRow, Problem, ignored_of, problems, rows_of, to_class_list
from core.data.classes import KEYS, ClassList
from gui.look.combo import Combo
from gui.look.flow import Flow
from gui.look.theme import Theme
from gui.look.words import Wrapped
from gui.start.class_table import ClassTable

_PAIRS = 2  # of colours that look alike, told by name


class ClassEditor(QDialog):
    """A window of its own, so that no key in it reaches what is asked.

    `kept`: the list is a project's, so classes may be answered: none is taken away, but they can be
    merged; `points` says how many answered points each has, `by` who merges.

    Signals
    -------
    saved(classes) : the list as it is now
    """

    saved = Signal(object)

    def __init__(
        self,
        over: QWidget,
        classes: ClassList | None,
        theme: Theme,
        *,
        kept: bool = False,
        points: Mapping[int, int] | None = None,
        by: str = "",
    ) -> None:
        super().__init__(over)
        self.setWindowTitle("Classes")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.classes, self.kept, self._by = classes, kept, by
        self._points = dict(points or {})
        self._ignored = ignored_of(classes) if classes is not None else (0,)
        self._touched = self._warned = False
        self.table = ClassTable(theme)
        self.problem, self.notice = Wrapped(name="problem"), Wrapped(name="quiet")
        self.merges = QVBoxLayout()
        self.into = Combo()
        self.into.setAccessibleName("Class to merge into")
        self.buttons = Flow(6)
        self.add = self._button("&Add a class", self._add)
        self.remove = self._button("&Remove", self._remove)
        self.up = self._button("&Up", lambda: self.table.move_row(-1))
        self.down = self._button("&Down", lambda: self.table.move_row(1))
        self.colour = self._button("&Colour …", self._pick)
        self.keys = self._button("&Keys in this order", lambda: self.table.set_keys(KEYS))
        self.merge = QPushButton("&Merge into")
        self.merge.setAutoDefault(False)
        self.merge.clicked.connect(self._merge)
        both = QWidget()
        beside = QHBoxLayout(both)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.merge)
        beside.addWidget(self.into)
        self.buttons.add(both)
        both.setVisible(kept)
        leave = QPushButton("Cancel")
        leave.setAutoDefault(False)
        leave.clicked.connect(self._leave)
        self.save = QPushButton("Save")
        self.save.setProperty("primary", True)
        self.save.setAutoDefault(False)
        self.save.clicked.connect(self._save)
        about = Wrapped(
            "Answers know a class by its id: names, colours, keys and order can change at any time."
            if kept
            else "Later on classes can be added, renamed and merged; no answer is lost by it.",
            "quiet",
        )
        end = QHBoxLayout()
        end.addStretch()
        end.addWidget(leave)
        end.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(10)
        layout.addWidget(about)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.buttons)
        layout.addLayout(self.merges)
        layout.addWidget(self.problem)
        layout.addWidget(self.notice)
        layout.addLayout(end)
        self._fill()
        self.table.edited.connect(self._look)
        self.table.currentCellChanged.connect(self._offer)
        self._look()
        self._touched = False
        self.setTabOrder(self.table, self.add)
        self.table.setFocus()
        letter = self.fontMetrics().averageCharWidth()
        self.resize(min(140 * letter, over.width() - 40), min(120 * letter, over.height() - 40))

    def _button(self, text: str, do: Callable[[], object]) -> QPushButton:
        made = QPushButton(text)
        made.setAutoDefault(False)
        made.clicked.connect(lambda: do())
        self.buttons.add(made)
        return made

    # -- what is shown ------------------------------------------------------------------------

    def _fill(self) -> None:
        """Show the list that is worked on, and what was merged in it."""
        classes = self.classes
        rows = rows_of(classes) if classes is not None else []
        shown = classes.shown if classes is not None else ()
        self.table.fill([(number, rows[number]) for number in shown])
        while (item := self.merges.takeAt(0)) is not None:
            line = item.widget()
            assert line is not None
            line.deleteLater()
        for place, step in enumerate(classes.merges if classes is not None else ()):
            assert classes is not None
            line = QWidget()
            inside = QHBoxLayout(line)
            inside.setContentsMargins(0, 0, 0, 0)
            words = f"{classes.names[step.source]} counts as {classes.names[step.into]}"
            inside.addWidget(QLabel(words), 1)
            if place == len(classes.merges) - 1:
                undo = QPushButton("Undo the merge")
                undo.setAutoDefault(False)
                undo.clicked.connect(self._unmerge)
                inside.addWidget(undo)
            self.merges.addWidget(line)

    def _gone(self) -> list[tuple[int, ClassRow]]:
        """Ids and rows of the classes that were merged."""
        if self.classes is None:
            return []
        rows = rows_of(self.classes)
        return [(step.source, rows[step.source]) for step in self.classes.merges]

    def faults(self) -> list[Problem]:
        """What is wrong with what is typed, in the order of the rows."""
        rows, wrong = self.table.read()
        gone = self._gone()
        count = len(rows)
        whole = [*rows, *(row for _, row in gone)]
        found = list(problems(whole, self._ignored, frozenset(range(count, len(whole)))))
        known = set(self.classes.keys) if self.classes is not None else set()
        for place, row in enumerate(rows):
            if row.key.strip() and row.key not in KEYS and row.key not in known:
                what = f"{row.name or 'A class'} has the key {row.key!r}, which is no class key."
                found.append(Problem(place, "key", what, "Keys: 1 to 5, Q to B, or with Shift+."))
        said = {(one.row, one.column) for one in wrong}
        return sorted(
            [*wrong, *(one for one in found if (one.row, one.column) not in said)],
            key=lambda one: one.row,
        )

    def _look(self) -> None:
        """Check what is typed, and say the first thing that is wrong beside the table."""
        self._touched, self._warned = True, False
        found = self.faults()
        self.table.show_problems(found)
        self.problem.setText(found[0].sentence if found else "")
        self.problem.setVisible(bool(found))
        self.save.setEnabled(not found)
        self.notice.setText("" if found else self._alike())
        self.notice.setVisible(bool(self.notice.text()))
        self._offer()

    def _alike(self) -> str:
        rows, _ = self.table.read()
        pairs = alike([row.colour for row in rows])
        if not pairs:
            return ""
        told = "; ".join(
            f"{rows[one].name} and {rows[other].name}, for {who}"
            for one, other, who in pairs[:_PAIRS]
        )
        more = f"; and {len(pairs) - _PAIRS:,} more pairs" if len(pairs) > _PAIRS else ""
        return f"Colours that are hard to tell apart: {told}{more}."

    def _offer(self, *_: object) -> None:
        """Offer what can be done with the row of the cursor."""
        place, count = self.table.currentRow(), self.table.rowCount()
        self.up.setEnabled(place > 0)
        self.down.setEnabled(0 <= place < count - 1)
        self.colour.setEnabled(place >= 0)
        new = place >= 0 and self.table.number(place) is None
        self.remove.setEnabled(place >= 0 and (new or not self.kept))
        self.remove.setToolTip("" if self.remove.isEnabled() else "A kept class can be merged.")
        self.add.setEnabled(count + len(self._gone()) < len(KEYS))
        if not self.kept:
            return
        number = self.table.number(place) if place >= 0 else None
        chosen = self.into.currentData()
        self.into.clear()
        for other in range(count):
            if other != place and self.table.number(other) is not None:
                self.into.addItem(self.table.cell(other, 0).text(), self.table.number(other))
        self.into.setCurrentIndex(max(0, self.into.findData(chosen)))
        self.merge.setEnabled(number is not None and self.into.count() > 0)
        self.merge.setToolTip("" if number is not None else "Save the new class first.")

    # -- what people do -----------------------------------------------------------------------

    def _add(self) -> None:
        rows, _ = self.table.read()
        whole = [*rows, *(row for _, row in self._gone())]
        names = {row.name for row in whole}
        name = next(n for n in map("class {}".format, range(1, 99)) if n not in names)
        good = [row for row in whole if len(row.colour) == 7]
        row = new_row(good, self._ignored, name)
        self.table.add(row)

    def _remove(self) -> None:
        self.table.remove()
        self.table.setFocus()

    def _pick(self) -> None:
        place = self.table.currentRow()
        rows, _ = self.table.read()
        dialog = QColorDialog(QColor(rows[place].colour), self)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setWindowTitle(f"Colour of {rows[place].name}")
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.table.set_colour(place, dialog.currentColor().name())
        self.table.setFocus()

    def _merge(self) -> None:
        """Let the class of the cursor count as the chosen one, when this is saved."""
        source, into = self.table.number(self.table.currentRow()), self.into.currentData()
        if source is None or into is None:
            return
        time = datetime.now(UTC).isoformat(timespec="seconds")
        self._work(lambda found: merged(found, source, into, time=time, by=self._by))
        if self.problem.isHidden():
            points = self._points.get(source, 0)
            self.notice.setText(
                f"{self._name(source)} will count as {self._name(into)}: {points:,} answered "
                "points. The answers stay as they are, and the merge can be undone."
            )
            self.notice.show()

    def _name(self, number: int) -> str:
        return self.classes.names[number] if self.classes is not None else ""

    def _unmerge(self) -> None:
        self._work(lambda found: unmerged(found)[0])

    def _work(self, change: Callable[[ClassList], ClassList]) -> None:
        """Change the list that is worked on, with all that was typed so far."""
        try:
            self.classes = change(self.result_list())
        except ProjectError as error:
            self.problem.setText(f"{error.what} {error.do}")
            self.problem.show()
            return
        self._fill()

    def result_list(self) -> ClassList:
        """The list as it is typed. Raises SettingsError for what is wrong."""
        for fault in self.faults():
            raise SettingsError(fault.what, fault.do)
        rows, _ = self.table.read()
        if self.classes is None or not self.kept:
            name = self.classes.name if self.classes is not None else "own"
            return to_class_list(name, [replace(row, was=()) for row in rows], self._ignored)
        whole: dict[int, ClassRow] = dict(self._gone())
        new = len(self.classes)
        order: list[int] = []
        for place, row in enumerate(rows):
            number = self.table.number(place)
            if number is None:
                number, new = new, new + 1
            whole[number] = row
            order.append(number)
        order += [number for number, _ in self._gone()]
        return with_rows(self.classes, [whole[number] for number in sorted(whole)], order)

    def _save(self) -> None:
        try:
            found = self.result_list()
        except ProjectError as error:
            self.problem.setText(f"{error.what} {error.do}")
            self.problem.show()
            return
        self._touched = False
        self.saved.emit(found)

    def refuse(self, sentence: str) -> None:
        """Say why the list was not taken; it stays open."""
        self._touched = True
        self.problem.setText(sentence)
        self.problem.show()

    def _leave(self) -> None:
        self._touched = False
        self.reject()

    def reject(self) -> None:
        """Esc: leave, but not by one key where something was typed."""
        if self._touched and not self._warned:
            self._warned = True
            self.notice.setText("Nothing is saved yet: press Esc again to leave it as it was.")
            self.notice.show()
            return
        super().reject()
