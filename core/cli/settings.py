"""`lidarloop settings`: the settings of a project, shown and changed where that is safe."""

from __future__ import annotations

import argparse

from core.base.errors import SettingsError
from core.base.machine import too_much
from core.base.settings import PRESETS, load_preset
from core.project.change_settings import change_all
from core.project.project import Project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the verb its changes; without one the settings are shown."""
    parser.add_argument(
        "--preset", choices=PRESETS, help="take the network and its training from a preset"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting"
    )


def pairs(words: list[str]) -> dict[str, str]:
    """KEY=VALUE words by their keys. Raises SettingsError for one without a value."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise SettingsError(f"--set {word} has no value.", "Write --set KEY=VALUE.")
        found[key.strip()] = value.strip()
    return found


def run(project: Project, arguments: argparse.Namespace) -> str:
    """Do what was asked; return what to print: each setting, its value and its source."""
    values = {key: (value, "--set") for key, value in pairs(arguments.set).items()}
    if arguments.preset is not None:
        for name, entry in load_preset(arguments.preset).to_toml()["train"].items():
            values.setdefault(f"train.{name}", (str(entry["value"]), str(entry["source"])))
    if values:
        change_all(project, values)
    lines = [
        f"{f'{section}.{name}':<26} {entry['value']!s:<12} {entry['source']}"
        for section, table in project.settings.to_toml().items()
        for name, entry in table.items()
    ]
    reason = too_much(project.settings.train)
    return "\n".join([*lines, *([reason] if reason else [])])
