"""What a click on the Desk's charts chooses, and how they mark what is chosen."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from core.base.words import round_name
from core.desk import behind
from core.desk.changed import Changed, changed_most
from gui.desk.chosen import choice_of
from gui.look.words import breakable


class Clicks(QObject):
    """Of `page`, a DeskPage, whose charts are made."""

    def __init__(self, page) -> None:
        super().__init__(page)
        self._page, self._state = page, page.state
        self._choice = choice_of(page.state)
        self._told = ""  # of scans that are chosen
        page.sizes.picked.connect(self._choose_size)
        page.parts.picked.connect(self._choose_class)
        page.asked.picked.connect(self._choose_asked)
        page.iou.picked.connect(self._look_for_changes)
        self._choice.changed.connect(self.follow)
        self.follow()

    def _choose_size(self, size: int) -> None:
        project = self._state.project
        self._choice.choose(f"clusters of {size} m", behind.of_size(project, size))

    def _choose_class(self, key: tuple[int, int]) -> None:
        """A class in a partition: the units there that hold it."""
        project, parts = self._state.project, self._page.parts
        name = parts.rows[key[0]]
        self._page.show_class(name)
        if parts.found is None or project.units is None:
            return
        units = parts.found.units_with(parts.found.names.index(name))
        units = units[project.units.partition[units] == key[1]]
        words = f"units of {parts.columns[key[1]]} that hold {name} ({parts.found.source})"
        self._choice.choose(words, units)

    def _choose_asked(self, name: str) -> None:
        """A partition, or a class, of what was asked."""
        self._page.show_class(name)
        found = self._page.asked.found
        if found is not None:
            row = [row for row, *_ in self._page.asked.rows].index(name)
            self._choice.choose(f"units asked: {name}", self._page.asked.units_of(row))

    def _look_for_changes(self, key: tuple[int, int]) -> None:
        """A class and a round: the scans where its wrong points changed most."""
        page, project = self._page, self._state.project
        step, name = page.iou.steps[key[1]], page.iou.rows[key[0]]
        page.show_class(name)
        page.turn_to(step.id)
        if step.parent is None or name not in project.classes.names:
            page.said.setText(f"{round_name(step.id).capitalize()} has no round before it.")
            return
        before, after = project.round(step.parent), project.round(step.id)
        label = project.classes.names.index(name)
        page.said.setText(f"Looking where {name} changed most …")
        work = partial(changed_most, project, before, after, label, page.reader.job)
        what = f"{name} between {round_name(before.id)} and {round_name(after.id)}"
        page.look(work, partial(self._choose_changed, what))

    def _choose_changed(self, what: str, found: Changed) -> None:
        if not found.scans:
            self._page.said.setText(
                f"No wrong point of {what} changed in {found.looked:,} validation scans."
            )
            return
        lines = ", ".join(
            f"{scan} {more:+,}" for scan, more in zip(found.scans, found.more.tolist(), strict=True)
        )
        self._told = (
            f"Where wrong points of {what} changed most, {len(found.scans):,} of {found.of:,} "
            f"scans: {lines}."
        )
        self._choice.choose_scans(found.scans)

    # -- following ----------------------------------------------------------------------------

    def follow(self) -> None:
        """Say what is chosen, and mark it in the charts."""
        page, chosen = self._page, self._choice.now
        scans = self._choice.scans
        page.chosen.setVisible(chosen is not None or bool(scans))
        if scans:
            page.chosen.setText(f"{len(scans):,} scans chosen  ✕")
            page.said.setText(breakable(self._told))
        elif chosen is None:
            page.said.setText("")
        else:
            page.chosen.setText(f"{len(chosen.units):,} units chosen  ✕")
            page.said.setText(
                breakable(
                    f"Chosen: {chosen.words}: {len(chosen.units):,} units of "
                    f"{len(chosen.scans):,} scans, {chosen.points:,} points. The queue keeps to "
                    "them, the view lights them."
                )
            )
        page.sizes.choose(None if chosen is None else chosen.sizes)
        mask = None if chosen is None else chosen.mask
        page.parts.choose(mask)
        page.asked.choose(mask)
