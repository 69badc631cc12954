"""project.toml: where the scans lie, what is trained and validated on, and every setting."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from core.base.bounded import MOST_TOML, read_whole
from core.base.errors import ProjectError, SettingsError
from core.base.files import write_atomic
from core.base.settings import Settings, load_preset, nearest
from core.base.version import program_version
from core.data.reading import AS_THEY_ARE, Reading, reading_from

FILE = "project.toml"
_VERSION = 1
_Value = TypeVar("_Value")
_WANTED = {
    str: "words in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list of names",
    dict: "a section",
}


@dataclass(frozen=True)
class ProjectFile:
    """The content of project.toml. `root` is the data root, relative to the project or absolute.

    `unknown` is what only another version knows, kept as it stands there: keys, settings, sections.
    `notes` are sentences on what is unknown and on what is missing.
    """

    format: str
    root: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    preset: str
    seed: int
    research: bool
    settings: Settings
    reading: Reading = AS_THEY_ARE
    unknown: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Save as `folder`/project.toml, atomically."""
        import tomlkit

        document = tomlkit.document()
        document.add(tomlkit.comment("A LidarLoop project. Each setting names its source."))
        for name, value in self.content().items():
            document[name] = value
        for name, table in self.settings.to_toml().items():
            section = tomlkit.table()
            for key, entry in table.items():
                inline = tomlkit.inline_table()
                inline.update(entry)
                section[key] = inline
            document[name] = section
        for name, value in self.unknown.items():
            if name in document:
                document[name].update(value)
            else:
                document[name] = value
        write_atomic(folder / FILE, tomlkit.dumps(document).encode())

    def content(self) -> dict[str, Any]:
        """All but the settings, as the file has it."""
        return {
            "version": _VERSION,
            "preset": self.preset,
            "seed": self.seed,
            "research": self.research,
            "data": {
                "format": self.format,
                "root": self.root,
                "train": list(self.train),
                "validation": list(self.validation),
                **self.reading.content(),
            },
        }


def read_project_file(folder: Path) -> ProjectFile:
    """Read `folder`/project.toml. Raises ProjectError: no project, damaged, or a newer version."""
    path = folder / FILE
    try:
        text = read_whole(path, MOST_TOML).decode()
        stored: dict[str, Any] = tomllib.loads(text.replace("\r\n", "\n"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ProjectError(
            f"{folder} is no LidarLoop project: it holds no {FILE}.",
            "Name a project's folder, or make one with `lidarloop new`.",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectError(
            f"{path} cannot be read: {error}.", "Mend that line or restore the file from a copy."
        ) from error
    version = stored.get("version")
    if isinstance(version, int) and version > _VERSION:
        raise ProjectError(
            f"{folder} was made by a newer LidarLoop (project version {version}; this one knows "
            f"{_VERSION}).",
            "Update LidarLoop to open it.",
        )
    told: list[str] = []

    def top(key: str, usual: _Value) -> _Value:
        """A value that every version wrote; without it the project is as one made without it."""
        if key not in stored:
            told.append(f"{FILE} names no {key}: it is taken to be {str(usual).lower()}.")
        return _typed(path, key, stored.get(key, usual), type(usual))

    data = _typed(path, "data", stored.get("data"), dict)
    preset = top("preset", "paper")
    try:
        usual = load_preset(preset)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error.what}", error.do) from error
    file = ProjectFile(
        format=_typed(path, "format", data.get("format"), str),
        root=_typed(path, "root", data.get("root"), str),
        train=_names(path, "train", data.get("train")),
        validation=_names(path, "validation", data.get("validation", [])),
        preset=preset,
        seed=top("seed", 0),
        research=top("research", False),
        settings=Settings.from_toml(stored, preset=usual),
        reading=_reading(path, data),
    )
    known = {**file.content(), **file.settings.to_toml()}
    unknown = _beyond(stored, known)
    if unknown:
        told.append(
            f"{FILE} names what LidarLoop {program_version()} does not know; it is kept and not "
            f"used: {', '.join(_called(unknown, known))}."
        )
    return replace(file, unknown=unknown, notes=tuple(told))


def _typed(path: Path, key: str, value: Any, kind: type[_Value]) -> _Value:
    if type(value) is kind and not _beyond_words(value):
        return value
    raise SettingsError(
        f"{path} has no usable {key}." if value is None else f"{path}: {key} is {value!r}.",
        f"Give it {_WANTED[kind]}, or restore the file from a copy.",
    )


def _beyond_words(value: Any) -> bool:
    """Whether words are none of a path, for a zero byte or their length, or a number is beyond 64
    bits."""
    if isinstance(value, str):
        parts = [len(part.encode(errors="replace")) for part in value.split("/")]
        return "\0" in value or max(parts) > 255 or sum(parts) > 4000
    return type(value) is int and abs(value) >> 63 > 0


def _reading(path: Path, data: Mapping[str, Any]) -> Reading:
    try:
        return reading_from(data)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error.what}", error.do) from error


def _names(path: Path, key: str, value: Any) -> tuple[str, ...]:
    names = _typed(path, key, value, list)
    return tuple(_typed(path, key, name, str) for name in names)


def _beyond(stored: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What `stored` holds beyond `known`: keys, and keys of the sections."""
    more = {key: value for key, value in stored.items() if key not in known}
    for name, section in known.items():
        if isinstance(section, dict):
            table = stored.get(name, {})
            inside = {key: value for key, value in table.items() if key not in section}
            more |= {name: inside} if inside else {}
    return more


def _called(unknown: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    """The unknown parts by name, a setting with the nearest there is."""
    for name, value in unknown.items():
        if name not in settings:
            yield f"[{name}]" if isinstance(value, dict) else name
            continue
        for key in value:
            near = nearest(f"{name}.{key}") if name != "data" else None
            yield f"{name}.{key}" + (f" (the nearest is {near})" if near else "")
