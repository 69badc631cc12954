"""A setting of an open project is changed: where that is safe, with its new source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.base.errors import SettingsError
from core.base.settings import Settings
from core.project.named_values import check_named
from core.project.project import Project

_OF_THE_NETWORK = ("train.network", "train.width", "train.voxel_m")


def why_not(project: Project, key: str) -> str | None:
    """Why a setting is not changed in an open project, in a sentence; None where it is safe."""
    if key.startswith(("prepare.", "rig.")):
        return (
            "A change makes a new preparation with other units: close the project, write it in "
            "project.toml, and prepare again."
        )
    if key in _OF_THE_NETWORK and any(found.checkpoint.exists() for found in project.rounds):
        return "The networks of earlier rounds have it: a change needs a new project."
    return None


def change(project: Project, key: str, text: str) -> None:
    """Set a setting to what `text` says, in project.toml too; its source is that it was chosen.

    Raises SettingsError: the value makes no sense, or the change is not safe.
    """
    reason = why_not(project, key)
    if reason is not None:
        raise SettingsError(f"{key} stays as it is.", reason)
    settings = project.settings.override(key, text, source="chosen in the window")
    check_named(settings, key, project.classes)
    use(project, settings)


def change_all(project: Project, values: Mapping[str, tuple[str, str]]) -> None:
    """Set several settings, dotted key -> what was typed and its source: all or none.

    Raises SettingsError as `change` does; what has its value already is safe.
    """
    settings = project.settings
    for key, (text, source) in values.items():
        changed = settings.override(key, text, source=source)
        section, _, name = key.partition(".")
        before, now = (getattr(getattr(found, section), name) for found in (settings, changed))
        if before == now:
            continue
        reason = why_not(project, key)
        if reason is not None:
            raise SettingsError(f"{key} stays as it is.", reason)
        check_named(changed, key, project.classes)
        settings = changed
    use(project, settings)


def use(project: Project, settings: Settings) -> None:
    """Make `settings` the project's, in project.toml first."""
    file = replace(project.file, settings=settings)
    file.write(project.path)
    project.file = file
