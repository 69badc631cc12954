"""Finds cut text: what every visible widget needs against what it has, and what is painted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from weakref import WeakKeyDictionary

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QFontMetricsF, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolBar,
    QTreeView,
    QWidget,
)

_SLACK = 1  # pixels; sizes are rounded


def cut(top: QWidget) -> list[str]:
    """What is cut in a window: a sentence each, with the widget and its text."""
    found: list[str] = []
    for widget in [top, *top.findChildren(QWidget)]:
        if _in_sight(widget) and widget.window() is top:
            found += [f"{_name(widget)}: {fault}" for fault in _faults(widget)]
    for widget in [top, *top.findChildren(QWidget)]:
        if _in_sight(widget) and _paints(widget):
            with _painted(widget, found):
                widget.grab()
    return list(dict.fromkeys(found))


def _in_sight(widget: QWidget) -> bool:
    return widget.isVisible() and not widget.visibleRegion().isEmpty()


def _name(widget: QWidget) -> str:
    parents = []
    at: QWidget | None = widget
    while at is not None and len(parents) < 4:
        parents.append(at.objectName() or type(at).__name__)
        at = at.parentWidget()
    return " in ".join(parents)


def _faults(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel):
        yield from _label(widget)
    elif isinstance(widget, QAbstractButton) and widget.text():
        yield from _smaller(widget.text(), widget.sizeHint(), widget.size())
        yield from _outside(widget, widget.text())
    elif isinstance(widget, QComboBox):
        yield from _combo(widget)
    elif isinstance(widget, QTabBar):
        yield from _tabs(widget)
    elif isinstance(widget, QHeaderView):
        yield from _header(widget)
    elif isinstance(widget, QAbstractItemView):
        yield from _cells(widget)
    elif isinstance(widget, QAbstractSpinBox):
        yield from _wide(widget.lineEdit().text(), widget, widget.lineEdit().width() - 4)
        yield from _outside(widget, widget.lineEdit().text())
    elif isinstance(widget, QLineEdit):
        text = widget.text() or widget.placeholderText()
        if not isinstance(widget.parentWidget(), QComboBox | QAbstractSpinBox) and not (
            widget.text() and not widget.isReadOnly()  # a text that one edits scrolls
        ):
            yield from _wide(text, widget, widget.width() - 2 * 8)
        yield from _outside(widget, text)
    elif isinstance(widget, QDockWidget):
        yield from _wide(widget.windowTitle(), widget, widget.width() - 60)
    elif isinstance(widget, QMenuBar):
        for action in widget.actions():
            if not widget.rect().contains(widget.actionGeometry(action)):
                yield f"the menu {action.text()!r} is out of sight"
    elif isinstance(widget, QToolBar):
        for button in widget.findChildren(QWidget, "qt_toolbar_ext_button"):
            if button.isVisible():
                yield "buttons are out of sight"


def _label(label: QLabel) -> Iterator[str]:
    text = label.text()
    if not text:
        return
    if label.wordWrap():
        needs = label.heightForWidth(label.width())
        if needs > label.height() + _SLACK:
            yield f"{text!r} needs {needs} px of height and has {label.height()}"
        margins = label.contentsMargins()
        room = label.width() - margins.left() - margins.right()
        for word in re.split(r"[\s/\u200b-]+", text):
            yield from _wide(word, label, room)
    else:
        yield from _smaller(text, label.sizeHint(), label.size())
    yield from _outside(label, text)


def _combo(combo: QComboBox) -> Iterator[str]:
    option = QStyleOptionComboBox()
    combo.initStyleOption(option)
    field = combo.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox,
        option,
        QStyle.SubControl.SC_ComboBoxEditField,
        combo,
    )
    yield from _wide(combo.currentText(), combo, field.width())
    if combo.fontMetrics().height() > field.height() + _SLACK:
        yield f"{combo.currentText()!r} is higher than its box"
    yield from _outside(combo, combo.currentText())
    texts = tuple(combo.itemText(item) for item in range(combo.count()))
    if texts and combo.isEnabled() and _popups.get(combo) != texts:
        _popups[combo] = texts
        combo.showPopup()
        has = combo.view().viewport().width()
        combo.hidePopup()
        for text in texts:
            needs = combo.fontMetrics().horizontalAdvance(text) + 12
            if needs > has + _SLACK:
                yield f"the entry {text!r} needs {needs} px and has {has}"


_popups: WeakKeyDictionary[QComboBox, tuple[str, ...]] = WeakKeyDictionary()  # looked at already


def _tabs(bar: QTabBar) -> Iterator[str]:
    if not bar.count():
        return
    for place in range(bar.count()):
        box, text = bar.tabRect(place), bar.tabText(place)
        if not bar.rect().adjusted(-2, -2, 2, 2).contains(box):
            yield f"the tab {text!r} is out of sight"
        yield from _wide(text, bar, box.width() - 8)
    yield from _outside(bar, bar.tabText(0))


def _header(header: QHeaderView) -> Iterator[str]:
    for section in range(header.count()):
        if header.isSectionHidden(section):
            continue
        needs, has = header.sectionSizeHint(section), header.sectionSize(section)
        if needs > has + _SLACK:
            text = header.model().headerData(section, header.orientation())
            yield f"the heading {text!r} needs {needs} px and has {has}"


def _cells(view: QAbstractItemView) -> Iterator[str]:
    if type(view.itemDelegate()).paint is not type(view.itemDelegate()).__mro__[1].paint:
        return  # it paints by itself: what it paints is looked at
    model, root = view.model(), view.rootIndex()
    if model is None:
        return
    index = view.indexAt(QPoint(3, 3))
    while index.isValid():
        for column in range(model.columnCount(root)):
            cell = index.siblingAtColumn(column)
            text, needs = cell.data(), view.sizeHintForIndex(cell)
            box = view.visualRect(cell)
            if text and (needs.width() > box.width() + _SLACK or needs.height() > box.height() + 1):
                yield f"the cell {text!r} needs {needs.toTuple()} and has {box.size().toTuple()}"
            if text and box.right() > view.viewport().width() + _SLACK:
                yield f"the cell {text!r} ends beside the view"
        below = (
            view.indexBelow(index)
            if isinstance(view, QTreeView)
            else index.siblingAtRow(index.row() + 1)
        )
        index = below if view.visualRect(below).top() < view.viewport().height() else type(index)()


def _wide(text: str, widget: QWidget, room: float) -> Iterator[str]:
    needs = widget.fontMetrics().horizontalAdvance(text)
    if needs > room + _SLACK:
        yield f"{text!r} needs {needs} px and has {room:.0f}"


def _smaller(text: str, needs: QSize, has: QSize) -> Iterator[str]:
    if needs.width() > has.width() + _SLACK or needs.height() > has.height() + _SLACK:
        yield f"{text!r} needs {needs.toTuple()} and has {has.toTuple()}"


def _outside(widget: QWidget, text: str) -> Iterator[str]:
    """Whether a parent ends before the widget does; what can be scrolled to up and down is not
    cut."""
    at = widget.parentWidget()
    scrolled = False
    while at is not None and not widget.isWindow():
        box = QRect(widget.mapTo(at, QPoint(0, 0)), widget.size())
        scrolled |= isinstance(at.parentWidget(), QAbstractScrollArea)
        room = at.rect().adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK)
        if box.left() < room.left() or box.right() > room.right():
            yield f"{text!r} is cut at the side by {_name(at)}"
            return
        if not scrolled and (box.top() < room.top() or box.bottom() > room.bottom()):
            ends = f"{box.top()} to {box.bottom()} of {at.height()}"
            yield f"{text!r} is cut above or below by {_name(at)}, {ends}"
            return
        if at.isWindow():
            return
        at = at.parentWidget()


# -- what is painted ------------------------------------------------------------------------------


def _paints(widget: QWidget) -> bool:
    """Whether Python paints it: itself, or the rows of a view."""
    parent = widget.parentWidget()
    if isinstance(parent, QAbstractItemView) and widget is parent.viewport():
        return type(parent.itemDelegate()).__module__.startswith("gui.")
    kind = type(widget)
    return kind.__module__.startswith("gui.") and "paintEvent" in vars(kind)


_watched: list[tuple[QWidget, list[str]]] = []  # who paints now, and where faults go


@contextmanager
def _painted(widget: QWidget, found: list[str]) -> Iterator[None]:
    """Adds every text that is painted where it has no room, and every one that is shortened."""
    _patch()
    _watched.append((widget, found))
    try:
        yield
    finally:
        _watched.pop()


@cache
def _patch() -> None:
    """Look at what QPainter is told to write; once, since Qt for Python counts on its methods."""
    draw, elide = QPainter.drawText, QFontMetrics.elidedText

    def drawn(painter: QPainter, *given: object) -> object:
        if _watched:
            widget, found = _watched[-1]
            found += [f"{_name(widget)}: {fault}" for fault in _fits(painter, given, widget)]
        return draw(painter, *given)

    def elided(metrics: QFontMetrics, text: str, *given: object) -> str:
        short = elide(metrics, text, *given)
        if _watched and short != text:
            widget, found = _watched[-1]
            found.append(f"{_name(widget)}: {text!r} is shortened to {short!r}")
        return short

    QPainter.drawText, QFontMetrics.elidedText = drawn, elided


def _fits(painter: QPainter, given: Sequence[object], widget: QWidget) -> Iterator[str]:
    box = next((g for g in given if isinstance(g, QRect | QRectF)), None)
    text = next((g for g in given if isinstance(g, str)), "")
    flags = next((g for g in given if isinstance(g, int | Qt.AlignmentFlag | Qt.TextFlag)), 0)
    if box is None:
        needs = QFontMetricsF(painter.font()).horizontalAdvance(text)
        if len(given) == 3 and float(given[0]) + needs > widget.width() + 1:
            yield f"{text!r} is painted over the side"
        return
    room = QRectF(box)
    needs = QFontMetricsF(painter.font()).boundingRect(
        QRectF(0, 0, room.width(), 0), int(getattr(flags, "value", flags)), text
    )
    if needs.width() > room.width() + 1.5 or needs.height() > room.height() + 1.5:
        yield (
            f"{text!r} is painted {needs.width():.0f} x {needs.height():.0f} px and has "
            f"{room.width():.0f} x {room.height():.0f}"
        )


def all_windows() -> list[QWidget]:
    """Every window in sight: popups and dialogs are windows of their own."""
    return [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
