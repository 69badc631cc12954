"""Which of the prepared units below a project's units/ are its units now."""

from __future__ import annotations

from pathlib import Path

from core.base.bounded import MOST_NAME, read_whole
from core.base.errors import DataError, ProjectError
from core.base.paths import inside
from core.prepare.units import POINTER


def units_now(folder: Path) -> Path | None:
    """The folder below `folder` that its pointer names, None before `prepare`. Raises ProjectError
    where it names none."""
    pointer = folder / POINTER
    if not pointer.exists():
        return None
    try:
        return inside(folder, read_whole(pointer, MOST_NAME).decode(errors="replace").strip())
    except (OSError, DataError) as error:
        raise ProjectError(
            f"{pointer} names no prepared units: {getattr(error, 'what', error)}",
            f"Delete {pointer} and prepare the project again; no answer is lost.",
        ) from error
