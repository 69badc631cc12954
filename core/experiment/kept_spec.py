"""A spec as experiment.json keeps it, by the checks that a file of one's own passes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from core.base.errors import SettingsError
from core.base.typed import listed, mapped, words
from core.experiment.measures import BOXES
from core.experiment.read_spec import Reader
from core.experiment.spec import FULL, Spec

_OF_BOXES = ("first", "overlap", "detector", "classes", "deliver")


def kept_spec(stored: Mapping[str, Any]) -> Spec:
    """The spec of what `Spec.as_json` gave. Raises ValueError that says what is wrong with it.

    Its strategies and its layout need not be installed: it may have run elsewhere.
    """
    if "task" not in stored:  # of a version that had no boxes
        defaults = {f.name: f.default for f in fields(Spec) if f.default is not MISSING}
        stored = {**json.loads(json.dumps(defaults)), **stored}
    missing = [f.name for f in fields(Spec) if f.name not in stored]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    try:
        found = Reader(words(stored["name"], "name"), _as_written(stored)).spec()
    except SettingsError as error:
        raise ValueError(error.what) from error
    again = json.loads(json.dumps(found.as_json()))
    for name, value in again.items():
        if stored[name] != value:  # such as a control that the other arms do not make
            raise ValueError(f"{name} holds what no spec gives")
    return found


def _as_written(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The table that a person writes: without what follows from it. Raises ValueError."""
    arms = [mapped(arm, "an arm") for arm in listed(stored["arms"], "arms")]
    table = {
        **stored,
        "made": stored["made"] or {},
        "full": any(arm.get("kind") == FULL for arm in arms),
    }
    given = {
        words(arm.get("name"), "an arm's name"): {
            key: arm.get(key) for key in ("strategy", "start", "settings")
        }
        for arm in arms
        if arm.get("kind") == "strategy"
    }
    table["arms"] = given
    if stored["table"]:
        table["arms"] = {name: arm["strategy"] for name, arm in given.items()}
        table["start"] = next((arm["start"] for arm in given.values()), None)
    left_out = ("name",) if stored["task"] == BOXES else ("name", *_OF_BOXES)
    return {key: value for key, value in table.items() if key not in left_out}
