"""Files of others and of networks, made small, and what reads each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from core.data.class_list import BUILT_IN
from core.data.classes import load_classes
from core.data.clouds import read
from core.data.formats import format_named
from core.data.formats.nuscenes import _tables as tables
from core.exchange.given import read_probabilities
from core.exchange.label_files import read_labels
from models.networks import checkpoint, make_network
from tests.detector_files import detector, load_detector, load_predictions, predictions
from tests.exchanged import write_keyframes

torch.set_num_threads(1)  # a forked child waits for ever for threads that its parent had

_ABOUT = checkpoint.About(
    network="minkunet",
    width=0.125,
    voxel_m=0.2,
    classes=load_classes(BUILT_IN[0]).names[:3],
    seed=1,
    epoch=1,
    step=2,
    batch=1,
    torch=torch.__version__,
    threads=1,
    training="abc",
)


def _network() -> tuple[torch.nn.Module, torch.optim.Adam]:
    network = make_network("minkunet", classes=len(_ABOUT.classes), width=_ABOUT.width)
    return network, torch.optim.Adam(network.parameters())


def _checkpoint(place: Path, *, state: bool) -> Path:
    network, optimiser = _network()
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)
    optimiser.step()
    file = place / "a.safetensors"
    checkpoint.save(file, network, _ABOUT, optimiser if state else None)
    return file


def _load(file: Path) -> None:
    tensors, about = checkpoint.read(file)
    network, optimiser = _network()
    checkpoint.check_fits(
        file, about, network="minkunet", width=0.125, classes=load_classes(BUILT_IN[0])
    )
    checkpoint.load_network(network, tensors)
    checkpoint.load_optimiser(optimiser, tensors)


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
    ".npz": (_probabilities, lambda path: read_probabilities(path, 50)),
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
    "checkpoint": (lambda place: _checkpoint(place, state=False), _load),
    "training state": (lambda place: _checkpoint(place, state=True), _load),
    "detector": (lambda place: detector(place, state=False), load_detector),
    "detector's state": (lambda place: detector(place, state=True), load_detector),
    "predicted boxes": (predictions, load_predictions),
}
