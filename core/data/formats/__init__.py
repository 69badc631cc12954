"""Formats: one small file each, with one class that inherits `Format`.

Others add theirs through the entry point group "lidarloop.formats", named as the class's `name`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import SettingsError
from core.base.plugins import Installed, installed
from core.data.formats.format import Format

_NEEDED = ("name", "layout", *sorted(Format.__abstractmethods__))


def formats() -> dict[str, Format]:
    """Return every usable format by name: the built-in ones and those installed beside them."""
    return _known().usable


def broken_formats() -> dict[str, str]:
    """Return for each installed format that cannot be used, by name, a sentence that says why."""
    return _known().broken


def format_named(name: str) -> Format:
    """Return a format. Raises SettingsError naming those there are, or why it cannot be used."""
    found = _built_in().get(name) or formats().get(name)
    if found is not None:
        return found
    if name in broken_formats():
        raise SettingsError(broken_formats()[name], "Update the package that brings it.")
    raise SettingsError(
        f"There is no data format {name}.", f"Formats: {', '.join(sorted(formats()))}."
    )


@cache
def _built_in() -> dict[str, Format]:
    from core.data.formats.bags import Bags
    from core.data.formats.e57 import E57
    from core.data.formats.folder import Folder
    from core.data.formats.kitti import Kitti360, KittiObject, KittiRaw, KittiTracking
    from core.data.formats.nuscenes import NuScenes
    from core.data.formats.semantickitti import SemanticKitti

    kitti = (KittiObject(), KittiTracking(), Kitti360(), KittiRaw())
    every = (SemanticKitti(), NuScenes(), *kitti, E57(), Folder(), Bags())
    return {layout.name: layout for layout in every}


@cache
def _known() -> Installed[Format]:
    own = _built_in()
    return installed("format", "lidarloop.formats", own, lambda point: _as_format(point()))


def _as_format(made: Any) -> Format:
    missing = [name for name in _NEEDED if not hasattr(made, name)]
    if missing:
        raise TypeError(f"it has no {', no '.join(missing)}")
    return made if isinstance(made, Format) else _Foreign(made)


class _Foreign(Format):
    """A format that only looks like one: what it has is its own, the rest the defaults."""

    def __init__(self, own: Format) -> None:
        self._own = own
        self.name, self.layout = own.name, own.layout
        for name in dir(Format):
            if not name.startswith("_") and name not in _NEEDED and hasattr(own, name):
                setattr(self, name, getattr(own, name))

    def sequences(self, root: Path) -> tuple[str, ...]:
        return self._own.sequences(root)

    def scans(self, root: Path, sequence: str) -> tuple[str, ...]:
        return self._own.scans(root, sequence)

    def path(self, root: Path, scan: str) -> Path:
        return self._own.path(root, scan)

    def points(self, root: Path, scan: str) -> np.ndarray:
        return self._own.points(root, scan)
