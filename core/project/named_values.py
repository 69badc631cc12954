"""What values of settings may be that name something: a strategy, classes of the project."""

from __future__ import annotations

from core.base.errors import SettingsError
from core.base.settings import Settings, choices
from core.data.classes import ClassList
from core.query.box_strategies.cal import weights_of
from core.query.strategies import strategies


def choices_of(key: str) -> tuple[str, ...]:
    """What a setting may be, () where it is no choice."""
    if key == "query.strategy":
        return tuple(sorted(strategies()))
    return choices(key)


def check_named(settings: Settings, key: str, classes: ClassList) -> None:
    """Raise SettingsError where the setting of that key names what there is not."""
    if key == "query.strategy":
        name, known = settings.query.strategy, choices_of(key)
        if name not in known:
            raise SettingsError(f"{key} is {name!r}.", f"Choose one of {', '.join(known)}.")
    elif key == "ssal.class_weights":
        weights_of(settings.ssal, classes.names)
