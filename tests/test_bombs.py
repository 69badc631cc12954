"""Small files that become huge, one for each kind of file that can: told, in a child that has no
room for what they become."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.answers.drawings import read_drawing
from core.base.jobs import Job
from core.cli.doctor import integrity
from core.project.project import Project
from tests.damaged import look, with_all_files
from tests.limited import counted
from tests.mutated_readers import READERS

pytestmark = pytest.mark.slow
_PIECE = bytes(1 << 24)
_PIECES = 130  # 2.2 GB: a child has one GiB more than its parent


def inflated(file: Path, dtype: str = "|u1", member: str = "") -> None:
    """Make each array of an archive, or one `member`, 2.2 GB of zeros; the file stays small."""
    with zipfile.ZipFile(file) as before:
        kept = {name: before.read(name) for name in before.namelist()}
    bomb = member or max(kept, key=lambda name: len(kept[name]))
    header = np.lib.format.magic(1, 0)
    size = len(_PIECE) * _PIECES // np.dtype(dtype).itemsize
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({size},), }}".ljust(117) + "\n"
    header += len(text).to_bytes(2, "little") + text.encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as after:
        for name, data in kept.items():
            if name != bomb:
                after.writestr(name, data)
        with after.open(bomb, "w", force_zip64=True) as out:
            out.write(header)
            for _ in range(_PIECES):
                out.write(_PIECE)
    assert file.stat().st_size < 1 << 24


def sparse(file: Path) -> None:
    """Five gigabytes of nothing that take no room on the disk."""
    with file.open("r+b") as out:
        out.truncate(5 << 30)


def sparser(file: Path) -> None:
    """Three gigabytes of nothing: as large as a table of nuScenes may be."""
    with file.open("r+b") as out:
        out.truncate(3 << 30)


def deep(file: Path) -> None:
    """A million lists within each other."""
    file.write_text("[" * 1_000_000)


def deep_toml(file: Path) -> None:
    """The same, of a value that is there."""
    file.write_text(file.read_text() + "\nmore = " + "[" * 200_000)


def wide(file: Path) -> None:
    """A number of twenty million digits."""
    file.write_text('{"half": ' + "9" * 20_000_000 + "}")


Bomb = tuple[str, Callable[[Path], None]]
IN_A_PROJECT: dict[str, Bomb] = {
    "rows of units": ("units/*/rows/**/000001.npz", inflated),
    "table of units": ("units/*/units.npz", inflated),
    "report of a preparation": ("units/*/report.npz", inflated),
    "predictions": ("cache/**/000001.npz", inflated),
    "drawing": ("drawings/*.npz", inflated),
    "scores, deep": ("rounds/001-*/scores/scores.json", deep),
    "query, a sparse file": ("rounds/001-*/query.json", sparse),
    "query, deep": ("rounds/001-*/query.json", deep),
    "training, a long number": ("rounds/001-*/training.json", wide),
    "metrics, deep": ("rounds/001-*/metrics.json", deep),
    "settings, deep": ("project.toml", deep_toml),
    "settings, a sparse file": ("project.toml", sparse),
    "classes, deep": ("classes.toml", deep_toml),
    "classes, a sparse file": ("classes.toml", sparse),
    "poses, deep": ("poses/**/*.json", deep),
    "what is prepared, a sparse file": ("units/prepared", sparse),
}


def _all_of(project: Path, out: Path) -> None:
    """Look at everything; what `doctor` must name is told by it."""
    look(project, out, with_doctor=True, more=_drawings)


def _drawings(project: Project) -> object:
    return [read_drawing(file) for file in sorted((project.path / "drawings").glob("*.npz"))]


@pytest.mark.parametrize("name", IN_A_PROJECT)
def test_a_bomb_in_a_project_is_told(tmp_path: Path, name: str):
    pattern, make = IN_A_PROJECT[name]
    project = with_all_files(tmp_path)
    (file,) = project.glob(pattern)

    def looked(number: int) -> str:
        _all_of(project, tmp_path / "out")
        return "read"

    assert counted(looked, 0, 1) == {"read": 1}
    make(file)
    assert counted(looked, 0, 1) == {"told": 1}

    def asked(number: int) -> str:
        return " ".join(str(one) for one in integrity(project, Job()) if one.good is False)

    (found,) = counted(asked, 0, 1)
    assert file.name in found or "project.toml" in found or found == "told", found


OF_OTHERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "probabilities": (".npz", inflated),
    "points, a sparse file": (".npy", sparse),
    "points as text, a sparse file": (".xyz", sparse),
    "points of PCL, a sparse file": (".pcd", sparse),
    "classes in JSON, deep": ("classes .json", deep),
    "classes in TOML, deep": ("classes .toml", deep_toml),
    "classes in YAML, deep": ("classes .yaml", deep),
    "classes in YAML, a sparse file": ("classes .yaml", sparse),
    "a dataset's table, deep": ("nuScenes scene", deep),
    "a dataset's table, a sparse file": ("nuScenes sample_data", sparse),
    "a dataset's table, a sparse file that may be": ("nuScenes ego_pose", sparser),
}


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_bomb_of_somebody_else_is_told(tmp_path: Path, name: str):
    kind, change = OF_OTHERS[name]
    make, reader = READERS[kind]
    file = make(tmp_path)

    def looked(number: int) -> str:
        reader(file)
        return "read"

    assert counted(looked, 0, 1) == {"read": 1}
    change(file)
    assert counted(looked, 0, 1) == {"told": 1}
