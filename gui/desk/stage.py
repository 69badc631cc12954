"""What is shown: a scan, in it what an answer would be about, and what is on its way there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.base.errors import ProjectError
from core.project.project import Project
from gui.desk.activity import Activity
from gui.desk.background import Turn
from gui.desk.coming import Coming
from gui.desk.content import Content, Loader
from gui.desk.forms import Forms
from gui.desk.target import BY_THEMSELVES, Target, find_unit


class Stage(QObject):
    """The scan that is shown, the unit an answer would be about.

    Signals
    -------
    scan_shown() : another scan, or the same one anew
    form_shown() : the shown scan's form is whole; until then it is a sketch
    target_changed(fly) : another unit, or none, or other labels; fly there or stay
    told(text) : something to say in the status bar
    failed(error) : a ProjectError to show
    """

    scan_shown = Signal()
    form_shown = Signal()
    target_changed = Signal(bool)
    told = Signal(str)
    failed = Signal(object)

    def __init__(self, project: Project, activity: Activity) -> None:
        super().__init__()
        self.project = project
        self.activity = activity
        self.loader = Loader(project, self)
        self.forms = Forms(self)
        self.content: Content | None = None
        self.target: Target | None = None
        self._coming: Coming | None = None
        self._missed: Coming | None = None  # what was to be shown last, and cannot be read
        self._told = False  # whether anything was told since that was begun to be read
        self._renewing = False  # the shown scan is read anew and stays on screen meanwhile
        # Whether somebody is at work on the target, so that it stays even without its unit.
        self.at_work: Callable[[], bool] = lambda: False
        # A target as it is asked, if it is.
        self.as_asked: Callable[[Target], Target] = lambda target: target
        self.told.connect(self._note)
        self.loader.loaded.connect(self._arrived)
        self.loader.failed.connect(self._missing)
        self.forms.found.connect(self._formed)

    @property
    def coming(self) -> str | None:
        """The scan that is being read to be shown, or None."""
        return self._coming.scan if self._coming is not None else None

    @property
    def aimed_at(self) -> str:
        """The unit that is the target, or will be when its scan is read; "" for none."""
        if self._coming is None:
            return self.target.unit if self.target is not None else ""
        return self._coming.unit

    @property
    def shown_scan(self) -> str:
        """The scan that is shown, or will be when it is read; "" for none."""
        return self.coming or (self.content.scan if self.content is not None else "")

    @property
    def reached(self) -> str:
        """The same, or the scan that was to be shown and cannot be read: one steps on from it."""
        return self._missed.scan if self._missed is not None else self.shown_scan

    def show_scan(self, scan: str, *, fly: bool = True) -> None:
        """Show a scan without a target; `fly`: from over the sensor."""
        self._show(scan, "", fly=fly)

    def step_scan(self, by: int) -> None:
        """Show the scan `by` places later in the list."""
        names = self.project.dataset.scans
        at = next((names.index(n) for n in (self.reached, self.shown_scan) if n in names), 0)
        self.show_scan(names[(at + by) % len(names)])

    def _show(self, scan: str, place: str | Target, *, fly: bool) -> None:
        self._coming, self._missed, self._told = Coming(scan, place, fly), None, False
        content = self.loader.get(scan)
        may = content is not None and self._may_show(content)
        if content is not None:
            self._arrived(scan)  # or its form is asked for, again where another's came before
        if not may:
            self.target = None
            self.target_changed.emit(False)
            self.told.emit(f"Reading {scan} …")
            self._told = False

    def _note(self) -> None:
        self._told = True

    def _may_show(self, content: Content) -> bool:
        coming = self._coming
        if coming is not None and coming.scan == content.scan:
            return content.tells_flat(coming.unit)
        return content.may_replace(self.content)

    def _formed(self, content: Content) -> None:
        """A form is found."""
        shown, target = self.content, self.target
        if content is shown:
            self.form_shown.emit()
            found = self._unit_target(target.unit) if target is not None else None
            if target is not None and found is not None and found.flat != target.flat:
                self.target = found  # clicked while a sketch could not tell
                self.target_changed.emit(False)
        awaited = content.scan in (self.shown_scan, shown.scan if shown is not None else "")
        if awaited and self.loader.get(content.scan) is content:  # else it is read anew
            self._arrived(content.scan)

    def _arrived(self, scan: str) -> None:
        arrived = self.loader.kept(scan)
        if arrived is not None and not self._may_show(arrived):
            self.forms.want(arrived, Turn.NOW)
            return
        if self._coming is None or self._coming.scan != scan:
            if self.content is not None and self.content.scan == scan:
                self._take_anew()
            elif arrived is not None:
                self.forms.want(arrived, Turn.LATER)
            return
        _, place, fly = self._coming
        self._coming = None
        content = self.loader.get(scan)
        if not self._told:
            self.told.emit("")
        if content is not self.content:
            self.content = content
            self.target = None
            self._renewing = False
            self.scan_shown.emit()
        if isinstance(place, Target):
            self.target = self._found_again(place) or replace(place, unit="", item=None)
        else:
            self.target = self._unit_target(place) if place else None
        self.activity.take()
        self.target_changed.emit(fly)

    def _missing(self, scan: str, error: ProjectError) -> None:
        if self._coming is not None and self._coming.scan == scan:
            self._coming, self._missed = None, self._coming
            if not self._told:
                self.told.emit("")  # it is not being read any more
            self.failed.emit(error)
            self.target_changed.emit(False)
        elif self._renewing and self.content is not None and self.content.scan == scan:
            self._renewing = False
            self.failed.emit(error)

    def _take_anew(self) -> None:
        """The shown scan was read anew: put it in the place of the old one, and nothing else."""
        content = self.loader.kept(self.content.scan) if self.content is not None else None
        if content is None or content is self.content:
            return
        self._renewing = False
        self.content = content
        if self.target is not None:
            self.target = self._found_again(self.target)
        self.scan_shown.emit()
        self.target_changed.emit(False)

    def _found_again(self, target: Target) -> Target | None:
        """The same rows in the scan as it was read anew. Where a new preparation has other units,
        the rows stay while somebody is at work on them."""
        found = self._unit_target(target.unit) if target.unit else target
        if found is not None and np.array_equal(found.rows, target.rows):
            return found
        if self.at_work():
            return replace(target, unit="", item=None, what=BY_THEMSELVES)
        return None

    def _unit_target(self, unit: str) -> Target | None:
        """A unit of the shown scan; where the query asks it, an answer to it is the query's."""
        found = find_unit(self.content, unit)
        return None if found is None else self.as_asked(found)
