"""The scan browser: sequences and their scans, with what is asked and answered in each."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from core.data.items import short_name
from gui.desk.state import State
from gui.panels.highlight import Highlight

_SCAN = Qt.ItemDataRole.UserRole


class Browser(QTreeWidget):
    """A tree of sequences; a click shows a scan.

    Signals
    -------
    chosen(scan) : the person went to a scan
    """

    chosen = Signal(str)

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self.setColumnCount(2)
        self.setHeaderLabels(["Scan", "Open"])
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.setUniformRowHeights(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._waiting: dict[str, int] = {}
        self._fill()
        self.highlight = Highlight(self)
        self.highlight.chosen.connect(self._choose)
        state.scan_shown.connect(self._follow)
        state.target_told.connect(self._follow)
        state.project_changed.connect(self.count)
        state.answers_changed.connect(self.count)
        self.count()

    def _fill(self) -> None:
        """Sequences are filled when they are opened: there may be 20,000 scans."""
        dataset = self._state.project.dataset
        for title, scans in (("Training", dataset.train), ("Validation", dataset.validation)):
            by_sequence: dict[str, list[str]] = {}
            for scan in scans:
                by_sequence.setdefault(dataset.sequence(scan), []).append(scan)
            for sequence, names in by_sequence.items():
                short = short_name(sequence) if sequence != "." else "scans"
                parent = QTreeWidgetItem([f"{short}  ({title.lower()})", ""])
                parent.setFlags(Qt.ItemFlag.ItemIsEnabled)  # it is no scan that could be shown
                self.addTopLevelItem(parent)
                children = [QTreeWidgetItem([name.rpartition("/")[2], ""]) for name in names]
                for child, name in zip(children, names, strict=True):
                    child.setData(0, _SCAN, name)
                    self._items[name] = child
                parent.addChildren(children)
        if self.topLevelItemCount() == 1 or len(self._items) <= 60:
            self.expandAll()

    def count(self) -> None:
        """Write how many items of the open query wait in each scan."""
        waiting = self._state.summary.waiting_in if self._state.round is not None else {}
        # Of 20,000 rows only those that change are touched.
        for scan in self._waiting.keys() | waiting.keys():
            if self._waiting.get(scan) != waiting.get(scan) and scan in self._items:
                self._items[scan].setText(1, f"{waiting[scan]:,}" if scan in waiting else "")
        self._waiting = waiting

    def _choose(self, index: QModelIndex) -> None:
        scan = index.siblingAtColumn(0).data(_SCAN)
        if scan is not None:
            self.chosen.emit(scan)

    def _follow(self) -> None:
        """Highlight the scan that is shown."""
        item = self._items.get(self._state.shown_scan)
        if item is not None and self.highlight.index.data(_SCAN) != item.data(0, _SCAN):
            self.highlight.follow(self.indexFromItem(item))
