"""How points are coloured: by unit, class or value; what is asked bright, a draft by classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.data.classes import UNLABELLED
from core.prepare.units import OVERSIZE
from gui.desk.chosen import choice_of
from gui.desk.content import Content
from gui.desk.state import State
from gui.desk.target import Target
from gui.look.colours import (
    RIGHT_RGB,
    WRONG_RGB,
    class_table,
    measure_table,
    partition_colours,
    spread,
)
from gui.look.theme import Theme
from gui.points import paint
from gui.points.draft import Draft
from gui.points.labelling import Labelling
from gui.points.slots import Slots, base_slots, make_slots
from gui.view.cloud import By
from gui.view.view import CloudView

_TOLD = ("prediction", "entropy", "truth", "error")  # by a network, or by others


class Colours(QObject):
    """The painter of a scene (gui.desk.scene) whose points are answered by their units.

    Attributes
    ----------
    placed : (N,) slot of each row of the scan, as the view has them
    hidden : classes and codes whose points are not drawn, save those that are asked

    Signals
    -------
    mode_changed() : another colouring
    """

    mode_changed = Signal()

    def __init__(self, view: CloudView, state: State, labelling: Labelling, theme: Theme) -> None:
        super().__init__(view)
        self.view, self.state, self.labelling, self.theme = view, state, labelling, theme
        self.mode = "scene"
        self.classes = class_table(state.project.classes)
        self._slots: Slots | None = None
        self._labels: np.ndarray | None = None  # those that the slots were made for
        self.placed: np.ndarray | None = None
        self._preview: np.ndarray | None = None
        self._lit: np.ndarray | None = None
        self.hidden: frozenset[int] = frozenset()
        self.hides_predicted = True
        labelling.preview.connect(self.show_preview)
        state.target_changed.connect(self._retarget)
        self.choice = choice_of(state)
        self.choice.changed.connect(self.paint_units)

    def modes(self) -> tuple[str, ...]:
        """The colourings that have something to show now."""
        content, project = self.state.content, self.state.project
        known = {
            "unit": project.units is not None,
            "partition": project.units is not None,
            "prediction": content is not None and content.prediction is not None,
            "entropy": content is not None and content.entropy is not None,
            "colours": content is not None and content.colours is not None,
            "truth": content is not None and content.truth is not None,
            "error": content is not None
            and content.prediction is not None
            and content.truth is not None,
        }
        if self.state.hides_labels:  # who is to decide alone is told nothing
            known |= dict.fromkeys(_TOLD, False)
        return tuple(mode for mode in paint.MODES if known.get(mode, True))

    def set_mode(self, mode: str) -> None:
        """Colour by one of `modes`."""
        if mode in self.modes():
            self.mode = mode
            self.paint()
            self.mode_changed.emit()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        if self.mode == "error":
            self._paint_values()
        self.paint_units()  # points of a draft are drawn in the theme's colour

    def hide(self, classes: frozenset[int], *, predicted: bool) -> None:
        """Draw no points that have one of these classes, or where `predicted` have none and are
        predicted to have it, save those that are asked."""
        self.hidden, self.hides_predicted = classes, predicted
        self.paint_units()

    def begin(self) -> np.ndarray:
        """Take up the state's scan; (N,) int32 slot of each row."""
        content = self.state.content
        assert content is not None
        if self.mode not in self.modes():
            self.mode = self.modes()[0]
            self.mode_changed.emit()
        self._slots = None
        self.placed = self._slots_of(content).slot
        return self.placed

    def _slots_of(self, content: Content) -> Slots:
        """The slots by the labels of now; an answer to a whole unit changes one entry of them."""
        before, self._labels = self._labels, content.labels
        slots = self._slots
        if slots is None or before is None or not slots.follow(before, content.labels):
            slots = self._slots = make_slots(content.unit, content.units, content.labels)
        return slots

    def paint(self) -> None:
        """Colour every point anew."""
        self._paint_values()
        self.paint_units()

    def _paint_values(self) -> None:
        """Colour points by a value of their own, or by their unit."""
        content = self.state.content
        if content is None:
            return
        if self.mode == "scene" and content.prediction is not None and self._may_tint:
            seen = content.prediction.astype(np.float32)
            self.view.set_values(seen, self.classes, By.SLOT_TINTED)
        elif self.mode not in paint.BY_VALUE:
            self.view.set_values(None)
        elif self.mode in ("prediction", "truth"):
            values = content.prediction if self.mode == "prediction" else content.truth
            assert values is not None
            self.view.set_values(values.astype(np.float32), self.classes, By.CLASS)
        elif self.mode == "error":
            assert content.truth is not None
            assert content.prediction is not None
            values = paint.errors(content.truth, content.prediction)
            self.view.set_values(values.astype(np.float32), self.error_table(), By.CLASS)
        elif self.mode == "colours":
            assert content.colours is not None
            places, table = content.colours
            self.view.set_values(places.astype(np.float32), table)
        else:
            self.view.set_values(spread(self._measure(content)), measure_table())

    def error_table(self) -> np.ndarray:
        """(256, 3) uint8 by the places of paint.errors."""
        table = np.zeros((256, 3), np.uint8)
        table[paint.RIGHT], table[paint.WRONG] = RIGHT_RGB, WRONG_RGB
        table[paint.UNKNOWN] = self.theme.rgb("quiet")
        return table

    @property
    def _may_tint(self) -> bool:
        """Whether the scene shows predictions: good ones, and to nobody who is to decide alone."""
        return self.state.summary.trust.good and not self.state.hides_labels

    def _measure(self, content: Content) -> np.ndarray:
        if self.mode == "entropy":
            assert content.entropy is not None
            return content.entropy
        return content.form.height if self.mode == "height" else content.points[:, 3]

    def paint_units(self) -> None:
        """Colour the units and light the target."""
        content, target, draft = self.state.content, self.state.target, self.labelling.draft
        if content is None:
            return
        units = content.table
        partition = np.zeros(0, np.int8)
        ramp = partition_colours(1)
        if units is not None:
            mine = units.range_of(content.scan)
            partition = units.partition[mine.start : mine.stop]
            ramp = partition_colours(len(units.cuts))
        slots = self._slots_of(content)
        if self.state.hides_labels:
            slots = replace(slots, label=np.full_like(slots.label, UNLABELLED))
        elif target is not None and target.blind:  # a repeat looks like what has no label
            mine = slots.of_unit == _base_slot(content, target)
            slots = replace(slots, label=np.where(mine, UNLABELLED, slots.label))
        rgb = paint.colours(slots, self.mode, partition, ramp, self.classes)
        level = paint.brightness(slots, asked=target is not None)
        if self.hidden:
            level[np.isin(slots.label, list(self.hidden))] = 0
        slot = slots.slot
        unseen = self._unseen(content, slots)
        if unseen is not None:
            slot = np.where(unseen, np.int32(len(level)), slot)
            rgb, level = np.vstack([rgb, np.zeros((1, 3), np.uint8)]), np.append(level, np.uint8(0))
            if target is not None:
                slot[target.rows] = slots.slot[target.rows]
        if target is not None:
            sketched = draft is not None or self._preview is not None
            whole = _base_slot(content, target)
            if not sketched and whole is not None:
                level[: len(slots.of_unit)][slots.of_unit == whole] = paint.FULL
            else:
                drawn = draft if draft is not None else Draft.empty(len(target.rows))
                places = paint.draft_slots(drawn, self._preview)
                asked = places == 256
                table, bright = self._draft_colours(some=bool(asked.any() and not asked.all()))
                slot = slot.copy()
                slot[target.rows] = len(level) + places
                rgb, level = np.vstack([rgb, table]), np.concatenate([level, bright])
            if self._lit is not None:
                slot = slot.copy()
                slot[self._lit] = len(level)
                own = np.array(self.theme.rgb("picked"), np.uint8)
                rgb, level = np.vstack([rgb, own]), np.append(level, np.uint8(paint.FULL))
        chosen = self._chosen(content)
        if chosen is not None:
            slot = slot.copy()
            slot[chosen] = len(level)
            own = np.array(self.theme.rgb("picked"), np.uint8)
            rgb, level = np.vstack([rgb, own]), np.append(level, np.uint8(paint.FULL))
        if slot is not self.placed:
            self.placed = slot
            self.view.set_slots(slot)
        self.view.set_units(rgb, level, front=paint.DRAFT if target is not None else 256)

    def _chosen(self, content: Content) -> np.ndarray | None:
        """(N,) bool: points of units that were chosen on a chart, save what is asked; None for
        none."""
        mine = self.choice.rows_in(content.scan)
        if not len(mine) or content.table is not self.state.project.units:
            return None
        if self.state.hides_labels:  # what is chosen may be a class
            return None
        table = np.zeros(content.units + 1, bool)
        table[mine] = True
        found: np.ndarray = table[np.maximum(content.unit, -1)]
        if self.state.target is not None:
            found[self.state.target.rows] = False
        return found

    def _unseen(self, content: Content, slots: Slots) -> np.ndarray | None:
        """(N,) bool: rows without a class that are hidden by their prediction, None for none."""
        if content.prediction is None or not self.hides_predicted or self.state.hides_labels:
            return None
        table = np.zeros(256, bool)
        table[[*self.hidden]] = True
        bare = slots.label[slots.slot] == UNLABELLED
        return bare & table[content.prediction] if table[content.prediction].any() else None

    def _draft_colours(self, *, some: bool) -> tuple[np.ndarray, np.ndarray]:
        """Colours (257, 3) and brightness (257,) of a draft's points: by class, by height where
        none has one yet; last the asked ones, which stand out where they are `some` of the unit."""
        table = self.classes.copy()
        table[UNLABELLED] = 0  # still the unit, not asked this time
        bright = np.full(len(table) + 1, paint.DRAFT if some else paint.FULL, np.uint8)
        bright[-1] = paint.FULL
        own = np.array(self.theme.rgb("picked") if some else (0, 0, 0), np.uint8)
        return np.vstack([table, own]), bright

    def _retarget(self, _: bool) -> None:
        self._preview = None
        self.paint_units()

    def light(self, rows: np.ndarray | None) -> None:
        """Light rows (B,) of the scan beside the target, None for no more than the target."""
        self._lit = rows
        self.paint_units()

    def show_preview(self, rows: np.ndarray | None) -> None:
        """Light rows (R,) bool of the target while a shape is drawn; None what is asked."""
        self._preview = rows
        self.paint_units()


def _base_slot(content: Content, target: Target) -> int | None:
    """The base slot of the unit or large cluster that a target is the whole of; None for stray
    points, of which it takes only some."""
    state = content.unit[target.rows[:1]]
    return int(base_slots(state, content.units)[0]) if state >= 0 or state <= OVERSIZE else None
