"""An experiment's folder: what was asked for, its cells and their order.

experiment.json   the spec, whole, the protocol, the data, and which seeds were asked for when
scans/            simulated scans, where no data were named
prepared/<hash>/  a project for each preparation, whose units all cells share
cells/<name>/     an ordinary project for each arm and seed; its name ends in the hash of its spec
failed/<name>.json  why a cell failed, until it succeeds
results.csv, report.html, *.svg, *.csv   made from the cells' records alone
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from core.base.errors import ProjectError, SettingsError
from core.base.files import hash_json, read_json, write_json
from core.base.settings import Settings, load_preset
from core.base.ssal_settings import NOT_TRAINED
from core.base.typed import whole, words
from core.experiment.kept_spec import kept_spec
from core.experiment.names import ABOUT, PROTOCOLS
from core.experiment.spec import CONTROL, FULL, FULL_TIMES, Arm, Spec, kind_of_budget
from core.prepare.run import settings_of_units
from core.project.project import FRAME_ROUNDS

_VERSION = 1
ROUNDS = "rounds"  # of a project's points
_MOST_SEED = 10**6 - 1
_RESTORE = "Restore it from a copy, or begin in another folder."
_ABOVE = 4  # folders above a cell's project in which its experiment may lie
# What changes no cell, so that a folder goes on with another value.
_OF_THE_REPORT = ("title", "about", "notes", "rounds", "compare", "block", "printed", "over",
                  "overlap", "detector", "classes")  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """An arm with a seed; or, of `kind` "first", the first round that arms share."""

    arm: Arm
    seed: int
    name: str
    first: str  # name of the cell whose first round this one goes on from, "" for none
    overrides: Mapping[str, str]


STAGES = range(3)


def stage(cell: Cell) -> int:
    """When a cell may run: 0 at once, 1 after a first round that it goes on from and is one itself,
    2 after all of these."""
    return int(bool(cell.first)) if cell.arm.kind == "first" else 2


@dataclass(frozen=True)
class Experiment:
    """What experiment.json holds, and where.

    `looks`: lists of seeds, as they were asked for one after the other.
    """

    out: Path
    spec: Spec
    protocol: str
    root: Path
    looks: tuple[tuple[int, ...], ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(seed for look in self.looks for seed in look))

    def cell_folder(self, name: str) -> Path:
        return self.out / "cells" / name

    def rounds_folder(self, name: str) -> Path:
        """Where a cell's rounds lie."""
        return self.cell_folder(name) / (FRAME_ROUNDS if self.spec.boxes else ROUNDS)

    def failure(self, name: str) -> Path:
        return self.out / "failed" / f"{name}.json"

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """First rounds before the arms that go on from them; seed by seed, in the spec's order."""
        firsts: dict[str, Cell] = {}
        arms = []
        for seed in self.seeds:
            for arm in self.spec.arms:
                first = ""
                for settings in self._shared(arm) if arm.kind != FULL else ():
                    shared = Arm("first", arm.start, arm.start, settings, "first")
                    cell = self._cell(shared, seed, first)
                    first = firsts.setdefault(cell.name, cell).name
                arms.append(self._cell(arm, seed, first))
        return (*sorted(firsts.values(), key=stage), *arms)

    @property
    def arms(self) -> tuple[Cell, ...]:
        """The cells that are shown."""
        return tuple(cell for cell in self.cells if cell.arm.kind != "first")

    def _shared(self, arm: Arm) -> Iterator[Mapping[str, str]]:
        """Settings of the first rounds that an arm shares with others, each going on from the one
        before. Of boxes there may be two: that of the normal detector, which knows nothing of
        pseudo scenes, and that of CPSP."""
        if not self.spec.boxes:
            yield arm.settings
            return
        trained = {k: v for k, v in arm.settings.items() if k not in NOT_TRAINED}
        normal = {k: v for k, v in trained.items() if not k.startswith("ssal.")}
        yield {**normal, "ssal.cpsp": "false"}
        if self.settings(arm).ssal.cpsp:
            yield trained

    def _cell(self, arm: Arm, seed: int, first: str) -> Cell:
        overrides = self.overrides(arm)
        spec = self.spec
        about = {
            "data": [spec.format, list(spec.train), list(spec.validation)],
            "made": None if spec.made is None else vars(spec.made),
            "preset": spec.preset,
            "overrides": dict(overrides),
            "budget": spec.budget,
            "arm": [arm.kind, arm.strategy, arm.start],
            "seed": seed,
        }
        key = hash_json({**about, "boxes": [spec.first, spec.deliver]} if spec.boxes else about)
        words = f"first {arm.start}" if arm.kind == "first" else arm.name
        plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40]
        return Cell(arm, seed, f"{plain}-{seed}-{key[:8]}", first, overrides)

    def overrides(self, arm: Arm) -> dict[str, str]:
        """Settings of an arm's projects beyond the preset's."""
        if self.spec.boxes:
            times = FULL_TIMES if arm.kind == FULL else 1
            equal = {"detect.steps": str(self.spec.steps * times)}
            # What an arm says of its own steps counts: such as one that learns twice as long.
            own = {**equal, **arm.settings} if self.protocol == "equal" else arm.settings
            # In words also where it is the preset's: an arm goes on from a first round without it.
            cpsp = str(load_preset(self.spec.preset).ssal.cpsp).lower()
            return {"train.threads": "1", "ssal.cpsp": cpsp, **self.spec.settings, **own}
        values = {"train.threads": "1", **self.spec.settings, **arm.settings}
        kind, amount = kind_of_budget(self.spec.budget)
        if kind == "points":
            values["query.fraction"] = amount
        if self.protocol == "equal":
            steps = self.spec.steps * (FULL_TIMES if arm.kind == FULL else 1)
            values |= {"train.steps": str(steps), "train.look_every": str(max(1, steps // 2))}
        if arm.kind == FULL and "train.teacher_weight" in values:
            values["train.teacher_weight"] = "0"  # nothing is unlabelled
        return values

    def settings(self, arm: Arm) -> Settings:
        found = load_preset(self.spec.preset)
        for key, value in self.overrides(arm).items():
            found = found.override(key, value, source=f"experiment {self.spec.name}")
        return found

    def prepared(self, arm: Arm) -> Path:
        """The project whose units an arm's cells share."""
        settings = self.settings(arm)
        key = hash_json([settings_of_units(settings.prepare), vars(settings.rig)])
        return self.out / "prepared" / key[:8]

    def rounds(self, arm: Arm) -> int:
        return 1 if arm.kind in (FULL, "first") else self.spec.rounds

    def write(self) -> None:
        write_json(
            self.out / ABOUT,
            {
                "version": _VERSION,
                "spec": self.spec.as_json(),
                "protocol": self.protocol,
                "root": str(self.root),
                "looks": [list(seeds) for seeds in self.looks],
            },
        )


def control_of(spec: Spec, arm: Arm) -> Arm | None:
    """The control arm that begins as `arm` does."""
    for one in spec.arms:
        if one.kind == CONTROL and (one.start, one.settings) == (arm.start, arm.settings):
            return one
    return None


def read_experiment(out: Path) -> Experiment:
    """Read an experiment's folder. Raises ProjectError where there is none, or a damaged one."""
    path = out / ABOUT
    if not path.exists():
        raise SettingsError(
            f"{out} holds no experiment.", "Run one: `lidarloop experiment NAME OUT --root DATA`."
        )
    stored: dict[str, Any] = read_json(
        path, do=_RESTORE, version=int, spec=dict, protocol=str, root=str, looks=list[list[int]]
    )
    if stored["version"] > _VERSION:
        raise ProjectError(f"{path} was written by a newer LidarLoop.", "Update LidarLoop.")
    try:
        _check_asked(stored)
        spec = kept_spec(stored["spec"])
    except ValueError as error:
        raise ProjectError(
            f"{path} is damaged: {str(error).removesuffix('.')}.", _RESTORE
        ) from error
    looks = tuple(tuple(seeds) for seeds in stored["looks"])
    return Experiment(out, spec, stored["protocol"], Path(stored["root"]), looks)


def _check_asked(stored: Mapping[str, Any]) -> None:
    """Raise ValueError where protocol, data or seeds are none that a run was ever asked for."""
    root, looks = words(stored["root"], "root"), stored["looks"]
    if stored["protocol"] not in PROTOCOLS:
        raise ValueError(f"protocol is {stored['protocol']!r}")
    if not (PurePosixPath(root).is_absolute() or PureWindowsPath(root).is_absolute()):
        raise ValueError(f"root is {root!r}")
    seeds = [seed for look in looks for seed in look]
    if not looks or not all(looks) or len(set(seeds)) < len(seeds):
        raise ValueError(f"looks is {looks!r}")
    for seed in seeds:
        whole(seed, "a seed", high=_MOST_SEED)


def experiment_above(project: Path) -> Path | None:
    """The folder of the experiment whose cell a project is, None where it is none."""
    for above in list(project.resolve().parents)[:_ABOVE]:
        if (above / ABOUT).exists():
            return above
    return None


def opened(out: Path, spec: Spec, protocol: str, root: Path, seeds: Sequence[int]) -> Experiment:
    """The experiment of a folder, new or begun earlier; nothing is written yet.

    Seeds that were not asked for before are another look at the results. Raises SettingsError where
    the folder holds another experiment, or other things.
    """
    if not (out / ABOUT).exists():
        others = (
            [path.name for path in out.iterdir() if path.name[0] != "."] if out.is_dir() else []
        )
        if others or (out.exists() and not out.is_dir()):
            raise SettingsError(
                f"{out} holds other things and no experiment.",
                "Name a folder that is new or empty.",
            )
        return Experiment(out, spec, protocol, root, (tuple(dict.fromkeys(seeds)),))
    found = begun(out, spec, protocol, root)
    added = tuple(seed for seed in dict.fromkeys(seeds) if seed not in found.seeds)
    looks = (*found.looks, added) if added else found.looks
    return replace(found, spec=spec, looks=looks)


def begun(out: Path, spec: Spec, protocol: str, root: Path) -> Experiment:
    """The experiment that a folder holds. Raises SettingsError where it is not this one."""
    found = read_experiment(out)
    same = (found.spec.name, found.protocol, found.root) == (spec.name, protocol, root)
    drawn = {name: getattr(spec, name) for name in _OF_THE_REPORT}
    changed = replace(found.spec, **drawn) != spec
    if not same or changed:
        what = (
            f"{found.spec.name} with the protocol {found.protocol} on {found.root}"
            if not same
            else f"another version of {spec.name}"
        )
        raise SettingsError(
            f"{out} holds the experiment {what}.", "Name another folder, or go on with that one."
        )
    return found


def seeds_of(text: str) -> list[int]:
    """ "0-4" or "0,2,7" as numbers. Raises SettingsError."""
    found: list[int] = []
    try:
        for part in text.split(","):
            low, dash, high = part.strip().partition("-")
            last = int(high) if dash else int(low)
            if not 0 <= int(low) <= last <= _MOST_SEED or last - int(low) >= 1000:
                raise ValueError(part)
            found += range(int(low), last + 1)
    except ValueError as error:
        raise SettingsError(f"--seeds is {text}.", "Write 0-4, or 0,1,2.") from error
    return list(dict.fromkeys(found))
