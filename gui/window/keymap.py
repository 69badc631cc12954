"""Keys that a person changed, kept between runs."""

from __future__ import annotations

import json
from collections.abc import Mapping

from gui.start.recent import store


def changed_keys() -> dict[str, tuple[str, ...]]:
    """Action id -> keys, of the actions whose keys were changed."""
    try:
        known = json.loads(str(store().value("keys", "{}")))
        return {str(id): tuple(map(str, keys)) for id, keys in known.items()}
    except (AttributeError, TypeError, ValueError):  # damaged: the keys of the table hold
        return {}


def keep_keys(changed: Mapping[str, tuple[str, ...]]) -> None:
    """Remember the changed keys."""
    store().setValue("keys", json.dumps({id: list(keys) for id, keys in changed.items()}))
