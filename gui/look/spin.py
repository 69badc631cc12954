"""Room beside the number of a spin box, which a style sheet's padding does not reach."""

from PySide6.QtWidgets import QAbstractSpinBox

_ROOM_PX = 8


def pad(box: QAbstractSpinBox) -> None:
    """Let the number begin where the text of a line edit does."""
    box.lineEdit().setTextMargins(_ROOM_PX, 0, _ROOM_PX, 0)
