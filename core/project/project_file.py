"""project.toml: where the scans lie, what is trained and validated on, and every setting."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.base.errors import ProjectError, SettingsError
from core.base.files import write_atomic
from core.base.settings import Settings

FILE = "project.toml"
_VERSION = 1


@dataclass(frozen=True)
class ProjectFile:
    """The content of project.toml. `root` is the data root, relative to the project or absolute."""

    format: str
    root: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    preset: str
    seed: int
    research: bool
    settings: Settings

    def write(self, folder: Path) -> None:
        """Save as `folder`/project.toml, atomically."""
        import tomlkit

        document = tomlkit.document()
        document.add(tomlkit.comment("A LidarLoop project. Each setting names its source."))
        document["version"] = _VERSION
        document["preset"] = self.preset
        document["seed"] = self.seed
        document["research"] = self.research
        document["data"] = {
            "format": self.format,
            "root": self.root,
            "train": list(self.train),
            "validation": list(self.validation),
        }
        for name, table in self.settings.to_toml().items():
            section = tomlkit.table()
            for key, entry in table.items():
                inline = tomlkit.inline_table()
                inline.update(entry)
                section[key] = inline
            document[name] = section
        write_atomic(folder / FILE, tomlkit.dumps(document).encode())


def read_project_file(folder: Path) -> ProjectFile:
    """Read `folder`/project.toml. Raises ProjectError: no project, damaged, or a newer version."""
    path = folder / FILE
    try:
        stored: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ProjectError(
            f"{folder} is no LidarLoop project: it holds no {FILE}.",
            "Name a project's folder, or make one with `lidarloop new`.",
        ) from error
    except (OSError, ValueError) as error:
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
    try:
        data = stored["data"]
        return ProjectFile(
            format=str(data["format"]),
            root=str(data["root"]),
            train=tuple(data["train"]),
            validation=tuple(data["validation"]),
            preset=str(stored["preset"]),
            seed=int(stored["seed"]),
            research=bool(stored["research"]),
            settings=Settings.from_toml(stored),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"{path} has no usable value for {error}.",
            "Mend that line or restore the file from a copy.",
        ) from error
