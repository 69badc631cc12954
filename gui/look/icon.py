"""The program's mark."""

from __future__ import annotations

from importlib import resources

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

_SIZES = (16, 22, 24, 32, 48, 64, 128, 256)


def application_icon() -> QIcon:
    """The mark as an icon, drawn at each size that window managers ask for."""
    drawn = QIcon(str(resources.files("resources") / "icons" / "lidarloop.svg"))
    icon = QIcon()
    for size in _SIZES:
        icon.addPixmap(drawn.pixmap(QSize(size, size)))
    return icon
