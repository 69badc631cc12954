"""Specs of experiments: TOML files in resources/experiments, or anybody's own; each is checked
whole before a byte is written (docs/experiments.md)."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from core.base.bounded import MOST_TOML, read_whole
from core.base.errors import SettingsError
from core.base.settings import PRESETS, load_preset
from core.data.formats import format_named
from core.experiment.measures import BOXES, DETECTORS, OVERLAPS, TASKS
from core.experiment.names import names
from core.experiment.spec import (
    BUDGETS,
    CONTROL,
    FULL,
    OVER,
    TABLES,
    WITHOUT_DETECTOR,
    Arm,
    Made,
    Spec,
    asks_by_detector,
    kind_of_budget,
    ranks_by_network,
)
from core.query.box_strategies import box_strategy_named
from core.query.strategies import strategy_named

_MOST_ROUNDS = 100
_MOST_PRINTED = 10**9  # of what a table prints


def titles() -> dict[str, str]:
    """Their titles by name, without a look at what else they say."""
    folder = resources.files("resources") / "experiments"
    texts = {name: (folder / f"{name}.toml").read_text(encoding="utf-8") for name in names()}
    return {name: str(tomllib.loads(text)["title"]) for name, text in texts.items()}


def read_spec(name: str, protocol: str = "") -> Spec:
    """Read a spec by its name, or a .toml file of one's own, to be run by a protocol of PROTOCOLS
    where one is given. Raises SettingsError that says what is wrong with it."""
    path = Path(name)
    try:
        if path.suffix == ".toml":
            text = read_whole(path, MOST_TOML).decode()
        elif name in names():
            file = resources.files("resources") / "experiments" / f"{name}.toml"
            text = file.read_text(encoding="utf-8")
        else:
            near = difflib.get_close_matches(name, names(), 1, 0.5)
            hint = f"The nearest is {near[0]}. " if near else ""
            raise SettingsError(
                f"There is no experiment {name}.",
                f"{hint}Experiments: {', '.join(names())}; or name a .toml file.",
            )
        stored = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name} cannot be read: {error}.", "Mend the file.") from error
    found = Reader(path.stem, stored).spec()
    check_installed(found)
    _check_said_once(found, protocol)
    return found


def _check_said_once(spec: Spec, protocol: str) -> None:
    """Raise SettingsError for a setting that what the experiment gives every arm would replace."""
    given = [("settings", spec.settings), *((arm.name, arm.settings) for arm in spec.arms)]
    said: dict[str, str] = {}
    if kind_of_budget(spec.budget)[0] == "points":
        said["query.fraction"] = f"budget, {spec.budget}"
    if protocol == "equal":
        steps = f"steps, {spec.steps:,}, by the protocol equal"
        said |= dict.fromkeys(("train.steps", "train.look_every"), steps)
        if spec.boxes:  # where an arm's own steps count
            said = {"detect.steps": steps}
            given = given[:1]
    for where, settings in given:
        for key in (key for key in said if key in settings):
            raise SettingsError(
                f"The experiment {spec.name}: {key} is given in {where}, but every arm has that of "
                f"{said[key]}.",
                f"Leave {key} out.",
            )


def check_installed(spec: Spec) -> None:
    """Raise SettingsError where the layout or a strategy is none that is installed here, or one
    ranks by what is not trained yet. Who only reads what ran elsewhere needs none of them."""
    format_named(spec.format)
    named: Callable[[str], object] = box_strategy_named if spec.boxes else strategy_named
    by_trained = asks_by_detector if spec.boxes else ranks_by_network
    trained, do = "network", "Start by size, random or rand-scans."
    if spec.boxes:
        trained, do = "detector", f"Start by {', '.join(sorted(WITHOUT_DETECTOR))}."
    for arm in spec.arms:
        if arm.kind != "strategy":
            continue
        named(arm.strategy)
        if spec.table and by_trained(arm.strategy):
            what = f"{arm.name} ranks by a trained network, and nothing is trained here"
            raise _wrong(spec.name, what, "Leave it out.")
        named(arm.start)
        if by_trained(arm.start):
            what = f"{arm.name} starts by {arm.start}, which ranks by a trained {trained}"
            raise _wrong(spec.name, what, do)


def _wrong(name: str, what: str, do: str) -> SettingsError:
    return SettingsError(f"The experiment {name}: {what}.", do)


class Reader:
    """Takes one value after the other out of a spec's table; what is left over is unknown."""

    def __init__(self, name: str, stored: Mapping[str, Any]) -> None:
        self.name, self.stored = name, dict(stored)
        self.known: list[str] = []

    def wrong(self, what: str, do: str) -> SettingsError:
        return _wrong(self.name, what, do)

    def take(self, key: str, kind: Any, default: Any = None) -> Any:
        self.known.append(key)
        value = self.stored.pop(key, default)
        if (
            value is None
            or not isinstance(value, kind)
            or isinstance(value, bool) != (kind is bool)
        ):
            names = {
                str: "words",
                int: "a whole number",
                list: "a list",
                dict: "a table",
                bool: "true or false",
            }
            given = "is missing" if value is None else f"is {value!r}"
            raise self.wrong(f"{key} {given}", f"Give {key} {names.get(kind, 'a number')}.")
        return value

    def line(self, key: str) -> str:
        """Words in one line, as a script may have them in a comment."""
        value: str = self.take(key, str)
        if not value.isprintable():
            raise self.wrong(f"{key} is {value!r}", f"Write {key} in one line.")
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value: int = self.take(key, int, default)
        if not low <= value <= high:
            raise self.wrong(f"{key} is {value}", f"Give it a number from {low} to {high}.")
        return value

    def number(self, key: str, low: float, high: float, default: float) -> float:
        value: float = self.take(key, int | float, default)
        if not low <= value <= high:  # nor NaN
            raise self.wrong(f"{key} is {value}", f"Give it a number from {low:g} to {high:g}.")
        return float(value)

    def texts(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        values = self.take(key, list, default)
        if not all(isinstance(value, str) for value in values):
            raise self.wrong(f"{key} is {values!r}", "Write each name in quotes.")
        return tuple(values)

    def spec(self) -> Spec:
        """The spec of the whole table. Raises SettingsError."""
        task = self.choice("task", TASKS)
        boxes = task == BOXES
        table = self.take("table", str, "")
        if table and table not in TABLES:
            raise self.wrong(f"table is {table}", f"Tables: {', '.join(TABLES)}.")
        if table and boxes:
            raise self.wrong(f"table is {table}, which is of points", "Leave it, or task, out.")
        preset = self.take("preset", str, "paper")
        if preset not in PRESETS:
            raise self.wrong(f"preset is {preset}", f"Presets: {', '.join(PRESETS)}.")
        start = self.take("start", str, "random" if boxes else "size")
        compare = self.take("compare", str, "random")
        budget = self._budget("budget", task, "100 boxes" if boxes else "1%")
        settings = self._settings(self.take("settings", dict, {}), preset, "settings")
        full = self.take("full", bool, not boxes)
        if boxes:
            arms = self._box_arms(start, preset, full)
        else:
            arms = self._unscored(start) if table else self._arms(start, preset, settings, full)
        asking = [arm.name for arm in arms if arm.kind == "strategy"]
        if not table and compare not in asking:
            raise self.wrong(
                f"compare is {compare}, which is no arm that asks", f"Arms: {', '.join(asking)}."
            )
        found = Spec(
            name=self.name,
            title=self.line("title"),
            about=self.take("about", str, ""),
            table=table,
            format=self.take("format", str, "kitti-tracking" if boxes else "semantickitti"),
            train=self.texts("train"),
            validation=self.texts("validation", []),
            made=self._made(),
            preset=preset,
            settings=settings,
            rounds=self.whole("rounds", 1, _MOST_ROUNDS, 5),
            budget=budget,
            steps=self.whole("steps", 1, 10**8, 20_000),
            compare=compare,
            block=self.whole("block", 1, 10**6, 100),
            partitions=tuple(self.take("partitions", list, [3])),
            printed=self._printed(),
            arms=arms,
            notes=self.texts("notes", []),
            over=self.choice("over", OVER[task], "Costs"),
            task=task,
            **self._of_boxes(budget) if boxes else {},
        )
        by_time = bool(table) or found.over == "seconds" or kind_of_budget(budget)[0] == "minutes"
        other = [arm.name for arm in arms if _units_of(arm, settings) != "basal"]
        if other and by_time and not boxes:
            raise self.wrong(
                f"seconds of what the arm {other[0]} asks are not known",
                "Let budget and over be of points.",
            )
        if not all(type(b) is int and 1 <= b <= 30 for b in found.partitions):
            raise self.wrong(f"partitions is {list(found.partitions)}", "Numbers from 1 to 30.")
        if not found.train or not (found.validation or table):
            raise self.wrong("train or validation names nothing", "Name sequences or a split.")
        if self.stored:
            key = next(iter(self.stored))
            near = difflib.get_close_matches(key, self.known, 1, 0.5)
            hint = f"The nearest is {near[0]}." if near else f"There are {', '.join(self.known)}."
            raise self.wrong(f"nothing is called {key}", hint)
        return found

    def choice(self, key: str, among: Sequence[str], words: str = "") -> str:
        """One of some words, the first by default."""
        value: str = self.take(key, str, among[0])
        if value not in among:
            do = f"{words or 'Choose one of'}: {' or '.join(among)}."
            raise self.wrong(f"{key} is {value}", do)
        return value

    def _budget(self, key: str, task: str, default: str) -> str:
        text: str = self.take(key, str, default)
        kinds, do = BUDGETS[task]
        try:
            kind, _ = kind_of_budget(text)
        except ValueError as error:
            raise self.wrong(f"{key} is {text!r}", do) from error
        if kind not in kinds:
            raise self.wrong(f"{key} is {text!r}, which is not of {task}", do)
        return text

    def _of_boxes(self, budget: str) -> dict[str, Any]:
        return {
            "first": self._budget("first", BOXES, budget),
            "overlap": self.choice("overlap", OVERLAPS),
            "detector": self.choice("detector", DETECTORS),
            "classes": self.texts("classes", []),
            "deliver": self.take("deliver", bool, False),
        }

    def _made(self) -> Made | None:
        stored = self.take("made", dict, {})
        if not stored:
            return None
        inner = Reader(self.name, stored)
        found = Made(
            inner.whole("scans", 1, 10**6),
            inner.whole("validation", 1, 10**6),
            inner.whole("seed", 0, 2**31),
            inner.number("tail", 0, 100, 1.0),
            inner.number("step_m", 0.1, 100, 1.0),
        )
        if inner.stored:
            raise self.wrong(
                f"nothing in made is called {next(iter(inner.stored))}", "Leave it out."
            )
        return found

    def _printed(self) -> dict[str, tuple[float, ...]]:
        stored = self.take("printed", dict, {})
        for name, values in stored.items():
            if not isinstance(values, list) or not all(
                type(v) in (int, float) and abs(v) <= _MOST_PRINTED for v in values
            ):
                raise self.wrong(f"printed of {name} is {values!r}", "Give a list of numbers.")
        return {name: tuple(float(v) for v in values) for name, values in stored.items()}

    def _settings(self, stored: dict[str, Any], preset: str, where: str) -> dict[str, str]:
        values = {key: str(value) for key, value in _flat(stored).items()}
        settings = load_preset(preset)
        for key, value in values.items():
            settings = settings.override(key, value, source=where)
        return values

    def _given(self, start: str, preset: str) -> Iterator[Arm]:
        """The arms that are written down."""
        for name, value in self._some_arms().items():
            if not isinstance(value, str | dict):
                raise self.wrong(f"the arm {name} is {value!r}", "Name a strategy in quotes.")
            inner = Reader(self.name, {"strategy": value} if isinstance(value, str) else value)
            if name in (CONTROL, FULL) or not name.strip():
                raise self.wrong(f"an arm is called {name!r}", "Give it another name.")
            own = self._settings(inner.take("settings", dict, {}), preset, name)
            yield Arm(name, inner.take("strategy", str), inner.take("start", str, start), own)
            if inner.stored:
                raise self.wrong(
                    f"nothing in the arm {name} is called {next(iter(inner.stored))}",
                    "An arm has strategy, start and settings.",
                )

    def _some_arms(self, default: dict[str, str] | None = None) -> dict[str, Any]:
        stored: dict[str, Any] = self.take("arms", dict, default)
        if not stored:
            raise self.wrong("it has no arm", 'Write [arms] with lines such as random = "random".')
        return stored

    def _arms(
        self, start: str, preset: str, settings: dict[str, str], full: bool
    ) -> tuple[Arm, ...]:
        arms = list(self._given(start, preset))
        for number, first in enumerate(dict.fromkeys(_first(arm) for arm in arms)):
            arm = next(arm for arm in arms if _first(arm) == first)
            name = f"{CONTROL} of {' '.join(filter(None, first))}" if number else CONTROL
            if name in [arm.name for arm in arms]:
                raise self.wrong(
                    f"an arm is called {name!r}, as one of its controls", "Give it another name."
                )
            arms.append(Arm(name, CONTROL, arm.start, arm.settings, CONTROL))
        if full:
            arms.append(Arm(FULL, FULL, FULL, {}, FULL))
        return tuple(arms)

    def _box_arms(self, start: str, preset: str, full: bool) -> tuple[Arm, ...]:
        """Arms of boxes. No control: as a rule each round's detectors begin at random weights, so
        that rounds alone are no training time."""
        arms = tuple(self._given(start, preset))
        # With all labels there is nothing to make pseudo scenes of.
        reference = Arm(FULL, FULL, FULL, {"ssal.cpsp": "false"}, FULL)
        return (*arms, reference) if full else arms

    def _unscored(self, start: str) -> tuple[Arm, ...]:
        """Arms of a table without training: strategies that need no network."""
        arms = self._some_arms({"size": "size"}).items()
        return tuple(Arm(name, str(value), start) for name, value in arms)


def _units_of(arm: Arm, settings: Mapping[str, str]) -> str:
    return arm.settings.get("prepare.units", settings.get("prepare.units", "basal"))


def _first(arm: Arm) -> tuple[str, str]:
    return arm.start, " ".join(f"{k}={v}" for k, v in sorted(arm.settings.items()))


def _flat(stored: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Dotted keys -> values, whether they were written as "train.width" or as tables."""
    found: dict[str, Any] = {}
    for key, value in stored.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            found |= _flat(value, f"{name}.")
        else:
            found[name] = str(value).lower() if isinstance(value, bool) else value
    return found
