"""Mutates one file many times and reads it, in a process of little memory and time.

    python -m tests.mutations KIND FIRST COUNT      prints {"read": …, "told": …, …} as JSON

KIND is a file of a project (PROJECT_FILES) or the ending of a file that a reader reads (READERS).
Outcomes: read (as if it were whole), told (a ProjectError), traceback:<exception>, hang, memory.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.data.class_list import BUILT_IN
from core.data.classes import load_classes
from core.data.clouds import read
from core.data.formats import format_named
from core.data.formats.nuscenes import _tables as tables
from core.exchange.given import read_probabilities
from core.exchange.label_files import read_labels
from tests.damaged import look, mutated, whole_project
from tests.exchanged import write_keyframes

PROJECT_FILES = {
    "project.toml": "project.toml",
    "classes.toml": "classes.toml",
    "journal": "journals/*.sqlite",
    "query": "rounds/001-*/query.json",
    "training": "rounds/001-*/training.json",
    "metrics": "rounds/001-*/metrics.json",
    "scores": "rounds/001-*/scores/scores.json",
    "entropy": "rounds/001-*/scores/entropy.npy",
    "units": "units/*/units.npz",
    "report": "units/*/report.npz",
    "checked": "units/*/checked.json",
    "rows": "units/*/rows/**/000001.npz",
    "predictions": "cache/**/000001.npz",
}
_SECONDS = 20
_BYTES = 6 << 30  # of addresses, numba's and OpenBLAS' among them


class Hang(BaseException):
    """It took too long."""


def _hang(*_: object) -> None:
    raise Hang


def _points(place: Path) -> Path:
    file = place / "a.npy"
    np.save(file, np.random.default_rng(0).random((50, 4)).astype(np.float32))
    return file


def _labels(place: Path) -> Path:
    file = place / "a.npy"
    np.save(file, np.arange(50, dtype=np.uint8))
    return file


def _probabilities(place: Path) -> Path:
    file = place / "a.npz"
    np.savez_compressed(file, probabilities=np.full((50, 4), 0.25, np.float32))
    return file


def _classes(place: Path) -> Path:
    file = place / "a.toml"
    file.write_text(load_classes(BUILT_IN[0]).to_toml())
    return file


def _text(name: str, text: str) -> Callable[[Path], Path]:
    def write(place: Path) -> Path:
        (place / name).write_text(text)
        return place / name

    return write


def _tables(name: str) -> Callable[[Path], Path]:
    def write(place: Path) -> Path:
        write_keyframes(place, {"scene-1/a": np.full(800, 17, np.uint8)})
        return place / "v1.0-mini" / f"{name}.json"

    return write


def _read_tables(file: Path) -> None:
    root, layout = file.parent.parent, format_named("nuscenes")
    tables.cache_clear()
    for sequence in layout.sequences(root):
        for scan in layout.scans(root, sequence):
            layout.labels(root, scan)
            layout.pose(root, scan)


_PCD = (
    "VERSION .7\nFIELDS x y z intensity\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\nWIDTH 3\n"
    "HEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 3\nDATA ascii\n1 2 3 4\n2 3 4 5\n3 4 5 6\n"
)
_PLY = (
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    "property float z\nend_header\n1 2 3\n2 3 4\n3 4 5\n"
)
_YAML = "labels:\n  0: unlabeled\n  1: car\ncolor_map:\n  0: [0, 0, 0]\n  1: [245, 150, 100]\n"
_JSON = '{"classes": [{"name": "car", "color": "#ff0000"}], "default": 0}'
READERS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], object]]] = {
    ".npy": (_points, read),
    ".npy labels": (_labels, read_labels),
    ".npz": (_probabilities, read_probabilities),
    ".pcd": (_text("a.pcd", _PCD), read),
    ".ply": (_text("a.ply", _PLY), read),
    ".xyz": (_text("a.xyz", "1 2 3 4\n2 3 4 5\n3 4 5 6\n"), read),
    "classes .toml": (_classes, lambda path: load_classes(str(path))),
    "classes .yaml": (_text("a.yaml", _YAML), lambda path: load_classes(str(path))),
    "classes .json": (_text("a.json", _JSON), lambda path: load_classes(str(path))),
    **{
        f"nuScenes {name}": (_tables(name), _read_tables)
        for name in ("sample_data", "scene", "sample", "ego_pose", "calibrated_sensor")
    },
}


def outcomes(kind: str, first: int, count: int) -> Counter[str]:
    """What became of mutations `first` to `first` + `count` of a kind of file."""
    place = Path(tempfile.mkdtemp(prefix="lidarloop-mutations-"))
    found: Counter[str] = Counter()
    signal.signal(signal.SIGALRM, _hang)
    try:
        if kind in READERS:
            make, reader = READERS[kind]
            file = make(place)
        else:
            project = whole_project(place)
            (file,) = project.glob(PROJECT_FILES[kind])

            def reader(_: Path) -> None:
                look(project, place / "out")

        data = file.read_bytes()
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, resource.RLIM_INFINITY))
        for number in range(first, first + count):
            for log in ("-wal", "-shm"):
                file.with_name(file.name + log).unlink(missing_ok=True)
            file.write_bytes(mutated(data, random.Random(number)))
            signal.alarm(_SECONDS)
            try:
                reader(file)
                found["read"] += 1
            except ProjectError as error:
                found["told" if error.what else "told nothing"] += 1
            except Hang:
                found["hang"] += 1
            except MemoryError:
                found["memory"] += 1
            except Exception as error:  # what this looks for
                found[f"traceback: {type(error).__name__}, {error}, mutation {number}"] += 1
            finally:
                signal.alarm(0)
        beyond = {path.name for path in place.iterdir()} - {"p", "scans", "out", file.name}
        if kind in PROJECT_FILES and beyond:
            found[f"written elsewhere: {sorted(beyond)}"] += 1
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return found


if __name__ == "__main__":
    kind, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(json.dumps(outcomes(kind, first, count)))
