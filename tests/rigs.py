"""Made scans of sensors that stand otherwise, with the truth of every point, and ground found."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from core.base.settings import Settings, load_preset
from core.data.fitted import fitted
from core.data.rig import Rig
from core.prepare.ground import ground_mask
from tests.places import ROOT

CASES = ROOT.parent / "shared" / "cases"
GROUND = 1
SETTINGS = load_preset("paper")
RIGS = (
    "upright",
    "origin-on-ground",
    "low-sensor",
    "truck",
    "truck-no-intensity",
    "camera-axes",
    "upside-down",
    "tilted-sensor",
)


@dataclass(frozen=True)
class Found:
    """Share of the true ground that was found, and of what was found that is none."""

    recall: float
    wrong: float


def cases() -> Path:
    """The folder of own-sensor cases; skips the test where it is absent."""
    if not CASES.is_dir():
        pytest.skip("the own-sensor cases are not beside the project")
    return CASES


def scan_of_rig(name: str) -> tuple[np.ndarray, np.ndarray]:
    """(N, 4) float32 points as the file has them, and (N,) bool true ground."""
    if name in ("upright", "truck"):
        how = {"beams": 12, "azimuths": 420}
        if name == "truck":
            how = {"beams": 24, "azimuths": 300, "height": 3.5, "up": 2, "down": -30}
        points, truth = _scene_module().scene(0, **how)
        return points.astype(np.float32), truth == GROUND
    folder = cases() / name
    truth = np.load(folder / "truth.npy") == GROUND
    file = sorted((folder / "data").iterdir())[0]
    if file.suffix == ".npy":
        xyz = np.load(file)
        return np.column_stack([xyz, np.zeros(len(xyz), np.float32)]), truth
    return np.fromfile(file, "<f4").reshape(-1, 4), truth


def found_with(points: np.ndarray, truth: np.ndarray, settings: Settings) -> Found:
    """How well the ground of points as the file has them is found with settings."""
    rig = Rig.of(settings.rig)
    turned = rig.turned(points).copy()
    turned[:, 3] /= settings.prepare.intensity_scale
    mask = ground_mask(turned, sensor_height_m=settings.prepare.sensor_height_m, rig=rig)
    wrong = np.count_nonzero(mask & ~truth) / max(np.count_nonzero(mask), 1)
    return Found(float(mask[truth].mean()), float(wrong))


def before_and_after(name: str) -> tuple[Found, Found]:
    """The preset's settings, and those fitted to the scan."""
    points, truth = scan_of_rig(name)
    return (
        found_with(points, truth, SETTINGS),
        found_with(points, truth, fitted([points], SETTINGS).settings),
    )


def _scene_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scene_of_cases", cases() / "scene.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
