"""Settings: frozen values with a source each, read from presets and project.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any

from core.base import detect_settings, ssal_settings
from core.base.detect_settings import DetectSettings
from core.base.errors import SettingsError
from core.base.ssal_settings import SsalSettings
from core.base.version import program_version

PRESETS = ("paper", "nuscenes", "gpu", "laptop", "nuscenes-laptop")
# The version that brought a setting, of those that came after 0.1.0: an older project lacks it.
ADDED: Mapping[str, str] = {
    "label.instances": "0.2.0",
    "prepare.split_points": "0.2.0",
    "prepare.units": "0.2.0",
    "rig.axes": "0.2.0",
    "rig.z_offset_m": "0.2.0",
    "rig.ground_from_m": "0.2.0",
    "rig.ego_box": "0.2.0",
    "rig.drop_reflections": "0.2.0",
    "train.steps": "0.2.0",
    "train.look_every": "0.2.0",
    "train.from_scratch": "0.2.0",
    "train.teacher_weight": "0.2.0",
    "train.teacher_threshold": "0.2.0",
    "train.teacher_decay": "0.2.0",
    "train.teacher_ramp": "0.2.0",
    "train.teacher_scans": "0.2.0",
    **dict.fromkeys(ssal_settings.MEANINGS, "0.2.0"),
    **dict.fromkeys(detect_settings.MEANINGS, "0.2.0"),
}
# What an older project did before there was the setting, where its preset says another value now.
BEFORE: Mapping[str, Any] = {"prepare.split_points": 0}


@dataclass(frozen=True)
class PrepareSettings:
    """How a scan becomes units (docs/method.md, Settings). Lengths in metres; a ground cell of more
    than `split_points` is cut in four, 0 for never."""

    cell_m: float
    split_points: int
    min_unit_points: int
    min_cluster_size: int
    min_samples: int
    epsilon_m: float
    max_size_m: int
    partitions: int
    ego_radius_m: float
    sensor_height_m: float
    intensity_scale: float
    clusterer: str
    units: str


@dataclass(frozen=True)
class RigSettings:
    """How the sensor stands (core.data.rig checks it). Lengths in metres."""

    axes: str
    z_offset_m: float
    ground_from_m: float
    ego_box: str
    drop_reflections: bool


@dataclass(frozen=True)
class QuerySettings:
    """What a round may ask: `fraction` of all training points, as an exact decimal."""

    strategy: str
    fraction: str


@dataclass(frozen=True)
class TrainSettings:
    """The network and its training. `steps` of a round, 0 for as many as its epochs have;
    `look_every`: steps between two looks at the validation scans, 0 for none; `from_scratch`: no
    round goes on from another's weights; `teacher_…`: the mean teacher (models.training.teacher),
    of weight 0 for none; `mixed`: half precision where there is CUDA, for detectors also on a CPU
    that is made for it; `threads` 0 leaves one core to the window."""

    network: str
    width: float
    voxel_m: float
    batch: int
    learning_rate: float
    first_epochs: int
    epochs: int
    steps: int
    look_every: int
    from_scratch: bool
    teacher_weight: float
    teacher_threshold: float
    teacher_decay: float
    teacher_ramp: int
    teacher_scans: int
    rotate: bool
    scale_low: float
    scale_high: float
    mixed: bool
    threads: int


@dataclass(frozen=True)
class LabelSettings:
    """What an answer tells. `instances`: of a countable class, which thing it is, too."""

    instances: bool


# Smallest and largest value that makes sense.
_RANGES: Mapping[str, tuple[float, float]] = {
    "prepare.cell_m": (0.1, 1000),
    "prepare.split_points": (0, 10**6),
    "prepare.min_unit_points": (1, 10**6),
    "prepare.min_cluster_size": (2, 10**6),
    "prepare.min_samples": (1, 200),
    "prepare.epsilon_m": (0, 100),
    "prepare.max_size_m": (1, 10000),
    "prepare.partitions": (1, 30),
    "prepare.ego_radius_m": (0, 100),
    "prepare.sensor_height_m": (0.1, 100),
    "prepare.intensity_scale": (1e-6, 1e6),
    "rig.z_offset_m": (-1e5, 1e5),
    "rig.ground_from_m": (0.1, 50),
    "train.width": (0.05, 4),
    "train.voxel_m": (0.01, 5),
    "train.batch": (1, 1000),
    "train.learning_rate": (1e-8, 10),
    "train.first_epochs": (1, 10**5),
    "train.epochs": (1, 10**5),
    "train.steps": (0, 10**8),
    "train.look_every": (0, 10**8),
    "train.teacher_weight": (0, 100),
    "train.teacher_threshold": (0, 1),
    "train.teacher_decay": (0, 1),
    "train.teacher_ramp": (0, 10**8),
    "train.teacher_scans": (0, 1000),
    "train.scale_low": (0.1, 1),
    "train.scale_high": (1, 10),
    "train.threads": (0, 1024),
    **ssal_settings.RANGES,
    **detect_settings.RANGES,
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "prepare.clusterer": ("exact", "hdbscan"),
    "prepare.units": ("basal", "blocks", "scans", "vccs"),
    "train.network": ("minkunet", "spvcnn"),
    **ssal_settings.CHOICES,
    **detect_settings.CHOICES,
}
_SECTIONS = {
    "prepare": PrepareSettings,
    "query": QuerySettings,
    "train": TrainSettings,
    "label": LabelSettings,
    "rig": RigSettings,
    "ssal": SsalSettings,
    "detect": DetectSettings,
}


@dataclass(frozen=True)
class Settings:
    """All settings of a project; `sources` says for each dotted key where its value is from."""

    prepare: PrepareSettings
    query: QuerySettings
    train: TrainSettings
    label: LabelSettings
    rig: RigSettings
    ssal: SsalSettings
    detect: DetectSettings
    sources: Mapping[str, str]

    def override(self, key: str, text: str, *, source: str) -> Settings:
        """Return a copy with the dotted `key` set to what `text` says.

        Raises SettingsError for a key there is not (with the nearest there is) and for a value
        of the wrong type or out of range.
        """
        _known(key)
        section, _, name = key.partition(".")
        old = getattr(getattr(self, section), name)
        value = _checked(key, _parsed(key, text, type(old)))
        changed = replace(getattr(self, section), **{name: value})
        return replace(self, **{section: changed}, sources={**self.sources, key: source})

    def to_toml(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return section -> key -> {value, source}."""
        return {
            section: {
                field.name: {
                    "value": getattr(getattr(self, section), field.name),
                    "source": self.sources[f"{section}.{field.name}"],
                }
                for field in fields(kind)
            }
            for section, kind in _SECTIONS.items()
        }

    @classmethod
    def from_toml(cls, stored: Mapping[str, Any], *, preset: Settings | None = None) -> Settings:
        """Read what `to_toml` gave.

        A project of another version lacks settings and has unknown ones: those it lacks come from
        its `preset`, with the version that added them as their source; unknown ones are passed
        over. Without a preset each must be there and known. Raises SettingsError naming the
        setting that is missing, unknown, of the wrong type or out of range.
        """
        parts: dict[str, Any] = {}
        sources = {}
        for section, kind in _SECTIONS.items():
            table = _section(stored, section)
            for name in table if preset is None else ():
                _known(f"{section}.{name}")
            values = {}
            for field in fields(kind):
                key = f"{section}.{field.name}"
                if field.name in table:
                    values[field.name], sources[key] = _entry(key, field, table[field.name])
                elif preset is not None:
                    known = getattr(getattr(preset, section), field.name)
                    values[field.name] = BEFORE.get(key, known)
                    sources[key] = f"added in version {ADDED.get(key, program_version())}"
                else:
                    raise SettingsError(f"The setting {key} is missing.", _written(field.name))
            parts[section] = kind(**values)
        return cls(**parts, sources=sources)


def load_preset(name: str) -> Settings:
    """Return the settings of one of PRESETS."""
    if name not in PRESETS:
        raise SettingsError(f"There is no preset {name}.", f"Presets: {', '.join(PRESETS)}.")
    file = resources.files("resources") / "presets" / f"{name}.toml"
    stored = tomllib.loads(file.read_text(encoding="utf-8"))
    base = stored.pop("base", None)
    if base is None:
        return Settings.from_toml(stored)
    merged = load_preset(base).to_toml()
    for section, table in stored.items():
        merged[section].update(table)
    return Settings.from_toml(merged)


def choices(key: str) -> tuple[str, ...]:
    """What the setting of a dotted key may be, () where it is a number or words."""
    section, _, name = key.partition(".")
    kinds = {field.name: field.type for field in fields(_SECTIONS[section])}
    return ("false", "true") if kinds[name] == "bool" else _CHOICES.get(key, ())


def nearest(key: str) -> str | None:
    """The dotted key of the setting that is called most like `key`, None where none is."""
    keys = _keys()
    by_name = {k.partition(".")[2]: k for k in keys}
    near = difflib.get_close_matches(key, keys, 1, 0.5)
    near = near or [by_name[n] for n in difflib.get_close_matches(key, list(by_name), 1, 0.5)]
    return near[0] if near else None


def _keys() -> list[str]:
    return [f"{s}.{field.name}" for s, kind in _SECTIONS.items() for field in fields(kind)]


def _known(key: str) -> None:
    if key in _keys():
        return
    near = nearest(key)
    hint = f"The nearest is {near}." if near else f"Settings: {', '.join(_keys())}."
    raise SettingsError(f"There is no setting {key}.", hint)


def _section(stored: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    table = stored.get(section, {})
    if not isinstance(table, Mapping):
        raise SettingsError(f"{section} is {table!r}.", f"Make it a section, [{section}].")
    return table


def _written(name: str) -> str:
    return f'Write {name} = {{ value = …, source = "…" }} in its section.'


# Settings that hold numbers in words, and may be written as a list of them.
_LISTS = ("rig.axes", "rig.ego_box")
_WANTED = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "words"}


def _entry(key: str, field: Field[Any], entry: Any) -> tuple[Any, str]:
    """The value and the source of one stored setting."""
    if not isinstance(entry, Mapping) or not {"value", "source"} <= entry.keys():
        raise SettingsError(f"{key} is {entry!r}.", _written(field.name))
    value, kind = entry["value"], str(field.type)
    if isinstance(value, int | float) and not isinstance(value, bool):  # true is no number
        if kind == "int" and value == value // 1:  # 4.0, as a person may write it
            value = int(value)
        elif kind in ("float", "str"):
            value = float(value) if kind == "float" else str(value)
    if isinstance(value, list) and key in _LISTS:
        value = str(value)
    if type(value).__name__ != kind:
        raise SettingsError(f"{key} is {value!r}.", f"Give it {_WANTED[kind]}.")
    return _checked(key, value), str(entry["source"])


def _parsed(key: str, text: str, kind: type) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{key} is {text!r}.", f"Give it {_WANTED[kind.__name__]}.") from error


def _checked(key: str, value: Any) -> Any:
    low, high = _RANGES.get(key, (None, None))
    if low is not None and high is not None:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise SettingsError(f"{key} is {value!r}.", f"Give it a number from {low} to {high}.")
    elif key in _CHOICES and value not in _CHOICES[key]:
        raise SettingsError(f"{key} is {value!r}.", f"Choose one of {', '.join(_CHOICES[key])}.")
    elif key == "query.fraction":
        try:
            good = 0 < Decimal(value) <= 1
        except (InvalidOperation, TypeError, ValueError):
            good = False
        if not good:
            raise SettingsError(f"{key} is {value!r}.", "Give it a share such as 0.01 (1 %).")
    return value
