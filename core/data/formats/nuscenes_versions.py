"""Which of nuScenes' tables are read where a root has several versions of them."""

from __future__ import annotations

from pathlib import Path

_BEFORE_OTHERS = ("v1.0-trainval", "v1.0-mini", "v1.0-test")


def version_folder(root: Path) -> Path | None:
    """The folder of the tables that are read, None for plain folders."""
    return next(iter(_versions(root)), None)


def _versions(root: Path) -> list[Path]:
    """The folders with tables, the one that is read first: one with labels, and of those trainval,
    which has all of mini's scenes."""
    last = len(_BEFORE_OTHERS)
    rank = {name: place for place, name in enumerate(_BEFORE_OTHERS)}

    def before(folder: Path) -> tuple[bool, int, str]:
        bare = not any((root / kind / folder.name).is_dir() for kind in ("lidarseg", "panoptic"))
        return bare, rank.get(folder.name, last), folder.name

    return sorted((f for f in root.glob("v1.0-*") if (f / "sample_data.json").exists()), key=before)


def of_versions(root: Path) -> str:
    """A sentence where there are tables of several versions, else ""."""
    folders = _versions(root)
    if len(folders) < 2:
        return ""
    read, *others = (folder.name for folder in folders)
    return (
        f"Of the tables in {root} those of {read} are read, those of {' and '.join(others)} are "
        f"not: to use others, move {read} elsewhere."
    )
