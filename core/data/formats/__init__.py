"""Formats: one small file each, with one class that inherits `Format`.

Others add theirs through the entry point group "lidarloop.formats", named as the class's `name`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import SettingsError
from core.base.plugins import Installed, installed
from core.data.formats.format import Format

# Their files and classes, in the order in which a folder's layout is sought.
_OWN = {
    "semantickitti": ("semantickitti", "SemanticKitti"),
    "nuscenes": ("nuscenes", "NuScenes"),
    "kitti": ("kitti", "KittiObject"),
    "kitti-tracking": ("kitti", "KittiTracking"),
    "kitti-360": ("kitti", "Kitti360"),
    "kitti-raw": ("kitti", "KittiRaw"),
    "e57": ("e57", "E57"),
    "folder": ("folder", "Folder"),
    "bag": ("bags", "Bags"),
}
_NEEDED = ("name", "layout", *sorted(Format.__abstractmethods__))


def formats() -> dict[str, Format]:
    """Return every usable format by name: the built-in ones and those installed beside them."""
    return _known().usable


def broken_formats() -> dict[str, str]:
    """Return for each installed format that cannot be used, by name, a sentence that says why."""
    return _known().broken


def format_named(name: str) -> Format:
    """Return a format. Raises SettingsError naming those there are, or why it cannot be used."""
    found = _built_in(name) if name in _OWN else formats().get(name)
    if found is not None:
        return found
    if name in broken_formats():
        raise SettingsError(broken_formats()[name], "Update the package that brings it.")
    raise SettingsError(
        f"There is no data format {name}.", f"Formats: {', '.join(sorted(formats()))}."
    )


@cache
def _built_in(name: str) -> Format:
    """One of ours: a project needs its own format only, and some load much."""
    file, kind = _OWN[name]
    made = getattr(import_module(f"core.data.formats.{file}"), kind)()
    assert isinstance(made, Format)
    return made


@cache
def _known() -> Installed[Format]:
    own = {name: _built_in(name) for name in _OWN}
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
