"""Settings fitted to the scans: how the sensor stands and what its intensity is, looked at in a
few of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import ProjectError
from core.base.settings import Settings
from core.data.rig import AS_IT_IS, Rig, canonical, words_of
from core.data.scans import Dataset
from core.data.stance import Stance, guess_stance

SCANS = 3
GUESSED = "guessed from the scans"
ON_THE_GROUND_M, ON_A_SENSOR_M = 0.15, 8.0  # how high an origin is that is the sensor's own
_NEARLY_M = 0.3  # heights that differ by less find the same ground
_NEARER = 0.75  # of the nearest ground seen
_LEAST_RANGE_M = 0.3
_OVER = 1.05  # intensities that are 0..1 but for a few


@dataclass(frozen=True)
class Fitted:
    """Settings, and a sentence for each that was guessed; `stance` is None where no ground is
    seen. `intensity` is the largest but for one in 1,000, None where there is none."""

    settings: Settings
    words: tuple[str, ...]
    stance: Stance | None
    intensity: float | None


def sample(dataset: Dataset, count: int = SCANS) -> list[np.ndarray]:
    """Points of the first, a middle and the last training scan, as the files have them; those that
    cannot be read are left out."""
    train = dataset.train
    names = list(dict.fromkeys(train[round(p)] for p in np.linspace(0, len(train) - 1, count)))
    plain = replace(dataset, rig=Rig())
    found = []
    for name in names:
        try:
            found.append(plain.scan(name).points)
        except ProjectError:  # it is told of where the scan is needed
            continue
    return found


def fitted(scans: Sequence[np.ndarray], settings: Settings, given: Collection[str] = ()) -> Fitted:
    """Fit the settings to scans (N, 4) as the files have them, save those a person gave.

    Where a preset's own values find the ground, they stay as they are.
    """
    fit = _Fit(settings, set(given))
    rig = Rig.of(settings.rig)
    stance = guess_stance(rig.turned(points) for points in scans)
    if stance is not None and not stance.upright and not fit.has("rig.axes", "rig.z_offset_m"):
        axes = stance.axes if rig.axes == AS_IT_IS else _both(stance, rig)
        # A matrix in words would be no help: they say what it mends.
        fit.set("rig.axes", axes, stance.words)
    if stance is not None:
        _stand(fit, stance)
    top = _intensity(scans)
    if top is None:
        fit.set("rig.drop_reflections", "false", "the scans have no intensity to know them by")
    else:
        scale, now = _scale(top), fit.settings.prepare.intensity_scale
        if not now / 20 < top <= now * _OVER:
            fit.set("prepare.intensity_scale", f"{scale:g}", f"intensities reach {top:,.6g}")
    return Fitted(fit.settings, tuple(fit.words), stance, top)


class _Fit:
    def __init__(self, settings: Settings, given: set[str]) -> None:
        self.settings, self.words = settings, list[str]()
        self._given = given

    def has(self, *keys: str) -> bool:
        return bool(self._given & set(keys))

    def set(self, key: str, text: str, why: str) -> None:
        section, _, name = key.partition(".")
        before = getattr(getattr(self.settings, section), name)
        if key in self._given or text == str(before).lower():
            return
        self.settings = self.settings.override(key, text, source=f"{GUESSED}: {why}")
        self.words.append(f"{key} = {words_of(text) if key == 'rig.axes' else text}: {why}.")


def _both(stance: Stance, rig: Rig) -> str:
    """Axes that turn as the rig does, then as the stance asks."""
    turn = Rig(stance.axes).rotation @ rig.rotation
    return canonical(" ".join(map(str, turn.reshape(-1))))


def _stand(fit: _Fit, stance: Stance) -> None:
    """Height of the origin and nearest ground."""
    height, wanted = stance.height_m, fit.settings.prepare.sensor_height_m
    if not fit.has("rig.z_offset_m"):
        if ON_THE_GROUND_M <= height <= ON_A_SENSOR_M:
            if abs(height - wanted) > _NEARLY_M:
                why = f"the origin lies {height:.2f} m above the ground"
                fit.set("prepare.sensor_height_m", f"{height:.2f}", why)
        else:
            side = "above" if height > 0 else "below"
            where = (
                "on the ground"
                if abs(height) < ON_THE_GROUND_M
                else f"{abs(height):.2f} m {side} the ground"
            )
            fit.set("rig.z_offset_m", f"{height - wanted:.2f}", f"the origin lies {where}")
    nearest = fit.settings.rig.ground_from_m
    if stance.nearest_m < nearest - _NEARLY_M:
        why = f"ground is seen from {stance.nearest_m:.1f} m"
        fit.set("rig.ground_from_m", f"{nearest_ground(stance):g}", why)


def nearest_ground(stance: Stance) -> float:
    """A range in metres that is nearer than the nearest ground seen."""
    return max(_LEAST_RANGE_M, int(stance.nearest_m * _NEARER * 10) / 10)


def _intensity(scans: Sequence[np.ndarray]) -> float | None:
    """The largest intensity but for one in 1,000 of scans (N, 4), None where all are alike."""
    parts = [points[np.isfinite(points[:, 3]), 3] for points in scans if points.shape[1] > 3]
    values = np.concatenate(parts) if parts else np.zeros(0)
    if not len(values) or values.min() == values.max():
        return None
    return float(np.percentile(values, 99.9))


def _scale(top: float) -> float:
    """The intensity that stands for 1: 1, 255, or two digits of the largest."""
    if top <= _OVER:
        return 1.0
    if top <= 255 * _OVER:
        return 255.0
    step = 10 ** (np.floor(np.log10(top)) - 1)
    return float(np.ceil(top / step) * step)
