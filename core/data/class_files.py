"""Class lists from files: our own TOML, semantic-kitti-api's YAML, JSON of labelCloud and CVAT."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from core.base.bounded import open_file
from core.base.errors import SettingsError
from core.data.class_colours import free_colour
from core.data.class_list import BUILT_IN, KEYS, ClassList, Merge
from core.data.class_rows import ClassRow, free_key, free_raw, to_class_list

SUFFIXES = (".toml", ".yaml", ".yml", ".json")
_LARGEST = 1_000_000  # bytes
_LARGEST_RAW = (
    0xFFFFFFFF  # more than a label holds: older projects open, and are told when it matters
)
_EXAMPLE = "docs/formats.md has one"
_NO_LABEL = ("none", "unassigned", "unlabeled", "unlabelled")
_ENTRY = 'Write name = "car", colour = "#6496f5" and, if it has one, raw = 10.'


def read_class_list(name: str) -> ClassList:
    """Read one of BUILT_IN or a file, as `load_classes` says."""
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        found = resources.files("resources") / "classes" / f"{name}.toml"
        if name not in BUILT_IN:
            raise SettingsError(
                f"There is no class list {name!r}." if name else "No class list is given.",
                f"Use {', '.join(BUILT_IN)}, or your own .toml file; {_EXAMPLE}.",
            )
        return _from_toml(tomllib.loads(found.read_text(encoding="utf-8")), name)
    text = _text(name)
    parse, read = {
        ".toml": (tomllib.loads, _from_toml),
        ".json": (json.loads, _from_json),
    }.get(suffix, (_yaml, _from_kitti))
    stored = _parsed(name, suffix[1:].upper(), parse, text)
    return read(stored, name)


def _text(name: str) -> str:
    try:
        with open_file(Path(name)) as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise SettingsError(
            f"The class list {name!r} cannot be read: {getattr(error, 'strerror', error)}.",
            f"Name a .toml file with one [[class]] entry per class; {_EXAMPLE}.",
        ) from error
    if len(content) > _LARGEST:
        raise SettingsError(
            f"The class list {name} has more than {_LARGEST:,} bytes.",
            "It is something else: name the file with the list of the classes.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"The class list {name} is no text in UTF-8 (byte {error.start + 1:,}).",
            "Save it as UTF-8 in your editor, or name another file.",
        ) from error


def _parsed(name: str, kind: str, parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except (ValueError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        first = " ".join(said.split())[:200]
        raise SettingsError(f"{name} is no {kind} file: {first}.", "Mend that line.") from error


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, TypeError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _number(value: Any) -> int:
    """A whole number, as TOML, YAML or JSON may hold it. Raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or int(value) != value:
        if not (isinstance(value, str) and value.strip().isdecimal() and len(value) < 20):
            raise ValueError(f"whole number: {str(value)[:40]!r}")
    return int(value)


def _listed(stored: Mapping[str, Any], key: str, where: str, usual: Sequence[Any]) -> list[Any]:
    found = stored.get(key, usual)
    if not isinstance(found, list | tuple):
        raise SettingsError(
            f"{where}: {key} is {str(found)[:40]!r}, not a list.", f"Make it a list; {_EXAMPLE}."
        )
    return list(found)


# -- our own TOML ----------------------------------------------------------------------------------


def _from_toml(stored: Mapping[str, Any], where: str) -> ClassList:
    entries = _listed(stored, "class", where, [])
    if not 1 <= len(entries) <= len(KEYS):
        raise SettingsError(
            f"{where} has {len(entries)} classes.",
            f"Give it between 1 and {len(KEYS)} [[class]] entries.",
        )
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            raise SettingsError(f"class {index + 1} of {where} is {str(entry)[:40]!r}.", _ENTRY)
    entries, order = _in_order_of_ids(entries, where)
    name = str(stored.get("name", where))
    countable = _countable(entries, name, where)
    about = _about(entries, name, where)
    rows = [
        _row(index, entry, countable[index], about[index], where)
        for index, entry in enumerate(entries)
    ]
    try:
        ignored = [_number(raw) for raw in _listed(stored, "ignored", where, [0])]
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(f"{where}: ignored has no {error}.", "Write ignored = [0].") from error
    merges = _merges(stored, rows, where)
    return to_class_list(name, rows, ignored, order=order, merges=merges, most=_LARGEST_RAW)


def _row(index: int, entry: Mapping[str, Any], countable: bool, about: str, where: str) -> ClassRow:
    try:
        was = entry.get("was", [])
        if not isinstance(was, list):
            raise TypeError(f"was: {str(was)[:40]!r}")
        code = bytes.fromhex(str(entry["colour"]).removeprefix("#"))
        if len(code) != 3:
            raise ValueError(f"colour {str(entry['colour'])[:40]!r}")
        more = entry.get("raw_ids", [])
        if not isinstance(more, list):
            raise TypeError(f"raw_ids: {str(more)[:40]!r}")
        raw = _number(entry.get("raw", index + 1))
        return ClassRow(
            name=str(entry["name"]),
            colour=f"#{code.hex()}",
            key=str(entry.get("key", KEYS[index])),
            raw=raw,
            raw_ids=tuple(sorted({_number(other) for other in more} - {raw})),
            countable=countable,
            about=about,
            was=tuple(map(str, was)),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SettingsError(
            f"class {index + 1} of {where} has no usable {str(error)[:120]}.", _ENTRY
        ) from error


def _in_order_of_ids(
    entries: list[Mapping[str, Any]], where: str
) -> tuple[list[Mapping[str, Any]], list[int]]:
    """The entries by their ids, and their ids in the order in which people see them.

    Lists of older versions have no ids: there the place in the file is the id. An entry that
    somebody added by hand, without one, comes behind the others.
    """
    if not any("id" in entry or "place" in entry for entry in entries):
        return entries, list(range(len(entries)))
    numbers: list[int] = []
    free = sum("id" in entry for entry in entries)
    try:
        for entry in entries:
            numbers.append(_number(entry["id"]) if "id" in entry else free)
            free += "id" not in entry
        places = [_number(entry.get("place", place)) for place, entry in enumerate(entries)]
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(
            f"{where} has an id or a place that is no {error}.", "Restore it from a copy."
        ) from error
    if sorted(numbers) != list(range(len(entries))):
        lost = min(set(range(len(entries))) - set(numbers))
        raise SettingsError(
            f"{where} has no class with the id {lost}: answers know classes by their ids.",
            "Bring that entry back; classes are taken away by merging them "
            "(`lidarloop classes PROJECT merge`).",
        )
    by_id = sorted(zip(numbers, entries, strict=True), key=lambda pair: pair[0])
    shown = sorted(range(len(entries)), key=lambda at: (places[at], at))
    return [entry for _, entry in by_id], [numbers[at] for at in shown]


def _countable(entries: Sequence[Mapping[str, Any]], name: str, where: str) -> list[bool]:
    marks = [entry.get("countable", False) for entry in entries]
    for index, mark in enumerate(marks):
        if not isinstance(mark, bool):
            raise SettingsError(
                f"class {index + 1} of {where} has countable = {mark!r}.", "Write true or false."
            )
    if (
        not any("countable" in entry for entry in entries)
        and name in BUILT_IN
        and where not in BUILT_IN
    ):
        usual = read_class_list(name)
        things = {usual.names[index] for index in usual.countable}
        marks = [entry.get("name") in things for entry in entries]
    return marks


def _about(entries: Sequence[Mapping[str, Any]], name: str, where: str) -> list[str]:
    """What belongs to each class; where a list of a built-in one's name does not say, as there."""
    usual: dict[str, str] = {}
    if name in BUILT_IN and where not in BUILT_IN:
        known = read_class_list(name)
        usual = dict(zip(known.names, known.about, strict=True))
    return [str(entry.get("about", usual.get(str(entry.get("name")), ""))) for entry in entries]


def _merges(stored: Mapping[str, Any], rows: Sequence[ClassRow], where: str) -> list[Merge]:
    number = {row.name: place for place, row in enumerate(rows)}
    found: list[Merge] = []
    for step in _listed(stored, "merge", where, []):
        if not isinstance(step, Mapping):
            raise SettingsError(
                f"{where} has a merge that is {str(step)[:40]!r}.",
                'Write [[merge]] with class = "a" and into = "b".',
            )
        pair = [str(step.get(key)) for key in ("class", "into")]
        lost = [name for name in pair if name not in number]
        gone = {merge.source for merge in found}
        if lost or pair[0] == pair[1] or gone & {number[name] for name in pair}:
            why = f"there is no class {lost[0]!r}" if lost else "one of them was merged before"
            raise SettingsError(
                f"{where} merges {pair[0]!r} into {pair[1]!r}, but {why}.",
                "Mend the names, or take that [[merge]] out: labels are then as before it.",
            )
        source, into = (number[name] for name in pair)
        found.append(Merge(source, into, str(step.get("time", "")), str(step.get("by", ""))))
    return found


# -- files of others -------------------------------------------------------------------------------


def _rows_of(found: Sequence[tuple[str, str | None, int, tuple[int, ...]]]) -> list[ClassRow]:
    """Rows of (name, colour or None, raw, raw_ids); keys by place, missing colours by choice."""
    rows: list[ClassRow] = []
    for name, colour, raw, more in found:
        colour = colour or free_colour([row.colour for row in rows])
        key = free_key(row.key for row in rows) or f"({len(rows) + 1})"
        rows.append(ClassRow(name, colour, key, raw, more))
    return rows


def _from_kitti(stored: Any, where: str) -> ClassList:
    """semantic-kitti-api's configuration: labels, color_map (blue first!), learning_map and its
    inverse, learning_ignore. Without a learning_map each label but 0 is a class."""
    try:
        labels = {_number(raw): str(name) for raw, name in stored["labels"].items()}
        colours = {_number(raw): _from_bgr(bgr) for raw, bgr in stored.get("color_map", {}).items()}
        usual = {raw: raw for raw in labels}
        learnt = {_number(k): _number(v) for k, v in stored.get("learning_map", usual).items()}
        inverse = {_number(k): _number(v) for k, v in stored.get("learning_map_inv", {}).items()}
        skipped = stored.get("learning_ignore", {0: True}).items()
        ignore = {_number(number) for number, skip in skipped if skip}
        found: dict[int, list[int]] = {}
        for raw, number in sorted(learnt.items()):
            found.setdefault(number, []).append(raw)
        ignored = [raw for number in sorted(ignore) for raw in found.pop(number, [])]
        each = []
        for number, raws in sorted(found.items()):
            raw = inverse.get(number, raws[0])
            more = tuple(other for other in raws if other != raw)
            each.append((labels[raw], colours.get(raw), raw, more))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise SettingsError(
            f"{where} is no class list of SemanticKITTI: it has no usable {str(error)[:120]}.",
            "Name a file like semantic-kitti-api's semantic-kitti.yaml, with labels, color_map and "
            "learning_map.",
        ) from error
    return to_class_list(Path(where).stem, _rows_of(each), ignored or [0])


def _from_bgr(bgr: Sequence[Any]) -> str:
    blue, green, red = (_number(part) for part in bgr)
    return f"#{bytes([red, green, blue]).hex()}"


def _from_json(stored: Any, where: str) -> ClassList:
    """labelCloud's {"classes": [{"name", "id", "color"}], "default": id}, CVAT's [{"name",
    "color"}]."""
    try:
        entries = stored["classes"] if isinstance(stored, Mapping) else stored
        of_points = isinstance(stored, Mapping) and stored.get("type") == "semantic_segmentation"
        each, none = [], 0
        for place, entry in enumerate(entries, start=1):
            raw = _number(entry.get("id", place) if isinstance(stored, Mapping) else place)
            name = str(entry["name"])
            if raw == 0:
                if of_points or name.strip().lower() in _NO_LABEL:
                    continue
                none = 255  # of boxes 0 is a class as others are
            colour = entry.get("color")
            code = bytes.fromhex(str(colour).removeprefix("#")) if colour else None
            if code is not None and len(code) != 3:
                raise ValueError(f"colour {colour!r}")
            each.append((name, f"#{code.hex()}" if code else None, raw, ()))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise SettingsError(
            f"{where} is no class list of labelCloud or CVAT: it has no usable {str(error)[:120]}.",
            'Write a list of {"name": "car", "color": "#6496f5"}, or a .toml file of ours.',
        ) from error
    rows = _rows_of(each)
    if none in {row.raw for row in rows}:
        none = free_raw(rows, ())
    return to_class_list(Path(where).stem, rows, [none])
