"""The verb new: a project, what is known of its sensor, and whether this machine can train it."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from core.base import compiling
from core.base.errors import DataError
from core.base.machine import too_much, usual_preset
from core.cli import settings
from core.cli.arguments import SENSOR, option_of
from core.cli.output import tell
from core.data.fitted import GUESSED
from core.data.formats import format_named
from core.data.listing import sequences_of
from core.data.names import split_names
from core.data.reading import Reading
from core.data.rig import words_of
from core.data.splits import expanded
from core.project.project import Project


def new(arguments: argparse.Namespace) -> int:
    """Make a project, and say what was guessed of its sensor."""
    there = sequences_of(format_named(arguments.format), arguments.root)
    train, validation = (split_names(text, there) for text in (arguments.train, arguments.val))
    for names in (train, validation):
        tell(expanded(arguments.format, arguments.root, names, there)[1])
    columns = tuple(word.strip() for word in (arguments.columns or "").split(",") if word.strip())
    overrides = settings.pairs(arguments.set)
    for key in SENSOR:
        value = getattr(arguments, option_of(key))
        if value is not None:
            overrides[key] = value
    with Project.create(
        arguments.project,
        format=arguments.format,
        root=arguments.root,
        train=train,
        validation=validation,
        preset=arguments.preset or usual_preset(arguments.format),
        seed=arguments.seed,
        research=arguments.research,
        overrides=overrides,
        classes=arguments.classes,
        reading=Reading(columns, arguments.unit or ""),
        guess=not arguments.as_preset,
    ) as project:
        tell(project.doubts)
        warn_of_size(project)
        dataset = project.dataset
        first = _first_whole(project)
        found = () if first is None else dataset.format.columns(dataset.root, first)
        counts = len(dataset.train), len(dataset.validation)
        sources = project.settings.sources
    if sys.stdout.isatty():  # a person, who reads this before they prepare
        compiling.start(["core.prepare.warm"])
    print(f"{arguments.project}: {counts[0]:,} training scans, {counts[1]:,} validation scans")
    if found:
        print(f"columns: {', '.join(found)}")
    for key in SENSOR:
        if sources[key].startswith(GUESSED):
            section, _dot, name = key.partition(".")
            value = getattr(getattr(project.settings, section), name)
            print(f"{key} = {words_of(str(value).lower())}, {sources[key]}")
    return 0


def warn_of_size(project: Project) -> None:
    """Say before anybody answers that this machine cannot train what the settings ask for."""
    first, settings = _first_whole(project), project.settings.train
    reason = too_much(settings) if first is None else too_much(settings, project.count(first))
    if reason is not None:
        small = "nuscenes-laptop" if project.file.format == "nuscenes" else "laptop"
        change = f"lidarloop settings {project.path} --preset {small}"
        tell([f"{reason} `{change}` makes it small enough for this machine, now or later."])


def _first_whole(project: Project) -> str | None:
    """The first training scan that can be read; a broken one stops no project."""
    for scan in project.dataset.train:
        with suppress(DataError):
            project.count(scan)
            project.dataset.format.columns(project.dataset.root, scan)
            return scan
    return None
