"""What lies below a folder in a layout: its sequences, their scans, in the order in which people
count."""

from __future__ import annotations

import os
from pathlib import Path

from core.base.words import is_text
from core.data.formats.format import Format
from core.data.names import in_order, is_hidden


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, sorted, but for those that may not be read, such as the lost+found
    of a disk. Raises OSError of the folder itself."""
    found = (path for path in folder.iterdir() if path.is_dir())
    return sorted(path for path in found if os.access(path, os.R_OK | os.X_OK))


def sequences_of(layout: Format, root: Path) -> tuple[str, ...]:
    """The sequences below a root, in order; folders whose name begins with a dot are none."""
    if not layout.is_root(root):
        return ()
    return tuple(sorted(filter(_is_name, layout.sequences(root)), key=in_order))


def scans_of(layout: Format, root: Path, sequence: str) -> tuple[str, ...]:
    """The scans of a sequence, in order; files whose name begins with a dot are none."""
    return tuple(sorted(filter(_is_name, layout.scans(root, sequence)), key=in_order))


def _is_name(name: str) -> bool:
    return is_text(name) and not is_hidden(name)
