"""The legend: the colours on screen and what they mean."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from core.data.classes import UNLABELLED
from gui.desk.content import Content
from gui.look.colours import measure_table, partition_colours
from gui.look.relief import MARKED_M, levels, relief, relief_table
from gui.look.theme import DARK
from gui.points import paint
from gui.points.colours import Colours
from gui.view.contrast import told_apart

_ROWS = 12
_TONE = 0.6
_LEAVES_M = 2.0


class Legend(QFrame):
    """The colours on screen and what they mean."""

    def __init__(self, colours: Colours) -> None:
        super().__init__()
        self.colours = colours
        self._known: list[tuple[str, str]] = []
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(self.text)

    @property
    def wanted(self) -> bool:
        """Whether there is something to say."""
        return bool(self._known)

    def refresh(self) -> None:
        """Read anew what is on screen."""
        self._known = self._rows()
        content = self.colours.state.content
        predicted = content is not None and content.prediction is not None
        shows = predicted and self.colours.mode in ("scene", "prediction")
        self.setToolTip(self.colours.state.summary.trust.words if shows else "")

    def fit(self, height: int) -> None:
        """Show as many rows as have room in a height, and how many more there are."""
        room = max(1, (height - 12) // max(self.fontMetrics().lineSpacing(), 1) - 1)
        rows = self._known if len(self._known) <= room + 1 else self._known[:room]
        lines = [f'<span style="color:{colour}">■</span>&nbsp;{name}' for name, colour in rows]
        if len(rows) < len(self._known):
            lines.append(f"and {len(self._known) - len(rows)} more")
        self.text.setText("<br>".join(lines))
        self.adjustSize()

    def _rows(self) -> list[tuple[str, str]]:
        state = self.colours.state
        content = state.content
        if content is None:
            return []
        mode = self.colours.mode
        if mode in ("unit", "colours"):
            return []
        if mode == "scene":
            return [*self._heights(), *self._classes(self._labels(content))]
        if mode == "partition" and state.project.units is not None:
            units = state.project.units
            names = [f"up to {cut} m" for cut in units.cuts] + ["ground"]
            return self._named(names, partition_colours(len(units.cuts)))
        if mode == "error":
            return self._errors(content)
        if mode in ("label", "prediction", "truth"):
            values = {"label": self._labels(content), "prediction": content.prediction}.get(
                mode, content.truth
            )
            assert values is not None
            rows = self._classes(values)
            known = state.summary.trust
            if mode == "prediction" and not known.good:
                rows.insert(0, (f"may be wrong ({known.short})", self.colours.theme.warning))
            return rows
        return self._named(("high", "middle", "low"), measure_table()[[255, 128, 0]])

    def _errors(self, content: Content) -> list[tuple[str, str]]:
        """What is right, and how many points are."""
        assert content.truth is not None
        assert content.prediction is not None
        counts = np.bincount(paint.errors(content.truth, content.prediction), minlength=3)
        names = {paint.WRONG: "wrong", paint.RIGHT: "right", paint.UNKNOWN: "no class in truth"}
        table = self.colours.error_table()
        return self._named(
            (f"{name}: {counts[place]:,} points" for place, name in names.items()),
            table[list(names)],
        )

    def _classes(self, values: np.ndarray) -> list[tuple[str, str]]:
        """The most frequent classes and codes of values (N,), the most frequent first; in the scene
        only those that have a colour there."""
        counts = np.bincount(values, minlength=256)
        if self.colours.mode == "scene":
            counts[UNLABELLED] = 0
        present = [c for c in np.argsort(-counts, kind="stable").tolist() if counts[c]][:_ROWS]
        return self._named(
            map(self.colours.state.class_name, present), self.colours.classes[present]
        )

    def _named(self, names: Iterable[str], rgb: np.ndarray) -> list[tuple[str, str]]:
        """Names and colours (n, 3), as the view shows them."""
        shown = told_apart(rgb, self.colours.theme.rgb("canvas"))
        return list(zip(names, map(_hex, shown), strict=True))

    def _labels(self, content: Content) -> np.ndarray:
        """(N,) labels as far as the person may see them now."""
        state = self.colours.state
        target, labels = state.target, content.labels.copy()
        if state.hides_labels:
            labels[:] = UNLABELLED
        elif target is not None and target.blind:
            labels[target.rows] = UNLABELLED
        return labels

    def _heights(self) -> list[tuple[str, str]]:
        """Heights over the ground, the highest first."""
        table = relief_table(dark=self.colours.theme is DARK)
        height = np.array([*MARKED_M, _LEAVES_M])
        leafy = np.arange(len(height)) == len(MARKED_M)
        colours = relief(table, levels(height), np.full(len(height), _TONE), leafy)
        names = [*(f"{height:g} m" for height in MARKED_M), "rough, as leaves"]
        target = self.colours.state.target
        names[0] = "0 m, bumps 3 x" if target is not None and target.flat else "0 m"
        rows = self._named(names, colours)[::-1]
        state = self.colours.state
        content = state.content
        if content is not None and content.prediction is not None and not state.hides_labels:
            known = self.colours.state.summary.trust
            tint = "tint: predicted" if known.good else "predictions off"
            rows.append((f"{tint} ({known.short})", self.colours.theme.quiet))
        return rows


def _hex(colour: np.ndarray) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(int(part) for part in colour))
