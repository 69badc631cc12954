"""What a new project will hold: its settings, class list and scans, checked before a byte is
written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from core.base.errors import SettingsError
from core.base.settings import load_preset
from core.data.classes import ClassList, load_classes
from core.data.fitted import fitted, sample
from core.data.formats import format_named
from core.data.label_file import check_raw
from core.data.listing import sequences_of
from core.data.opening import open_dataset
from core.data.plausible import judge, judge_stance
from core.data.reading import Reading
from core.data.rig import Rig, canonical
from core.data.splits import expanded
from core.project.named_values import check_named
from core.project.project_file import ProjectFile


class Plan(NamedTuple):
    """`file`: project.toml; `classes`: the class list; `doubts`: sentences on what is odd about
    the scans."""

    file: ProjectFile
    classes: ClassList
    doubts: tuple[str, ...]


def planned(
    *,
    format: str,
    root: Path,
    train: Sequence[str],
    validation: Sequence[str],
    preset: str,
    seed: int,
    research: bool,
    overrides: Mapping[str, str],
    classes: str | ClassList | None,
    guess: bool,
    source: str,
    reading: Reading,
) -> Plan:
    """Plan a project; the arguments are those of `Project.create`.

    A few scans are looked at. Raises ProjectError where the files cannot be what they are taken
    for, SettingsError where a value is none.
    """
    settings = load_preset(preset)
    for key, value in overrides.items():
        value = canonical(value) if key == "rig.axes" else value
        settings = settings.override(key, value, source=source)
    layout = format_named(format)
    if isinstance(classes, ClassList):
        class_list = classes
    else:
        class_list = load_classes(classes or layout.classes)
    for key in overrides:
        check_named(settings, key, class_list)
    there = sequences_of(layout, root)
    train, _ = expanded(format, root, train, there)
    validation, _ = expanded(format, root, validation, there)
    rig = Rig.of(settings.rig)
    dataset = open_dataset(format, root, train, validation, rig=rig, reading=reading)
    check_raw(dataset, class_list)
    judged = judge(dataset, classes=class_list, sensor_height_m=settings.prepare.sensor_height_m)
    if judged.refused is not None:
        raise judged.refused
    reading = replace(reading, origin=judged.origin)
    dataset = replace(dataset, reading=reading)
    if guess:
        settings = fitted(sample(dataset), settings, overrides).settings
        dataset = replace(dataset, rig=Rig.of(settings.rig))
    if research and not any(dataset.has_labels(n) or dataset.has_boxes(n) for n in dataset.train):
        raise SettingsError(
            f"A research project answers from ground truth, and no training scan below "
            f"{root} has labels.",
            "Leave out --research, or name sequences that have labels.",
        )
    file = ProjectFile(
        format=format,
        root=str(root.resolve()),
        train=tuple(train),
        validation=tuple(validation),
        preset=preset,
        seed=seed,
        research=research,
        settings=settings,
        reading=reading,
    )
    return Plan(file, class_list, (*judged.notes, *judge_stance(dataset)))


def emptied(path: Path) -> None:
    """Take away what was made of a project whose folder was empty or not there."""
    for made in path.iterdir() if path.is_dir() else ():
        if made.is_dir():
            shutil.rmtree(made, ignore_errors=True)
        else:
            made.unlink(missing_ok=True)
