"""ASAM OpenLABEL 1.0, read; what stands where: core.boxes.formats.openlabel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core.base.errors import DataError
from core.base.words import counted
from core.boxes.formats.source import (
    MEND,
    Found,
    apart,
    checked,
    json_of,
    numbers,
    part,
    short,
    whole,
    word,
)
from core.boxes.formats.turns import Tilts, from_angles, from_quaternion, yaw_of
from core.boxes.names import Names
from core.boxes.table import UNKNOWN, Boxes

VERSION = "1.0.0"
REGION = "DontCare"
_OTHER_ELEMENTS = ("actions", "events", "contexts", "relations", "tags")
_ATTRIBUTES = {"score", "truncated", "occluded", "alpha", "ignore", "picture"}
_TELLING = ("text", "num", "boolean", "vec")  # data that have no shape
_MOST_FRAMES = 1_000_000


class _Cuboid(NamedTuple):
    where: str
    key: str
    value: Mapping[str, Any]


def _system(cuboid: _Cuboid) -> str:
    """The coordinate system that a cuboid names, "" for none."""
    return word(cuboid.value.get("coordinate_system", ""), "coordinate system", cuboid.where)


class _Reader:
    """Reads one file; counts what it does not take."""

    def __init__(self, file: Path, root: Mapping[str, Any], system: str | None) -> None:
        self.file, self.root, self.system = file, root, system
        self.objects = self._mapping(root.get("objects", {}), "objects")
        self.left_out: Counter[str] = Counter()
        self.tilts = Tilts()

    def _mapping(self, value: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise DataError(f"{self.file}: {where} is no JSON object.", MEND)
        return value

    def _items(self, value: Any, where: str) -> list[Mapping[str, Any]]:
        if not isinstance(value, list):
            raise DataError(f"{self.file}: {where} is no JSON array.", MEND)
        return [self._mapping(item, where) for item in value]

    def object(self, key: str, where: str) -> Mapping[str, Any]:
        """An object by its key, with its type."""
        if key not in self.objects:
            raise DataError(f"{where} is of no object: objects does not name {short(key)}.", MEND)
        found = self._mapping(self.objects[key], f"object {short(key)}")
        if not isinstance(found.get("type"), str):
            raise DataError(f"{self.file}: object {short(key)} has no type.", MEND)
        return found

    def track(self, key: str) -> str:
        """The track of an object."""
        data = self._mapping(self.objects[key].get("object_data", {}), f"object {short(key)}")
        for text in self._items(data.get("text", []), f"object {short(key)}, text"):
            if text.get("name") == "track":
                return word(text.get("val"), "track", f"{self.file}: object {short(key)}")
        return key

    def frames(self) -> dict[str, tuple[str, list[_Cuboid], list[list[float]]]]:
        """By frame number its name, its cuboids and its regions."""
        found: dict[str, tuple[str, list[_Cuboid], list[list[float]]]] = {}
        for number, frame in self._mapping(self.root.get("frames", {}), "frames").items():
            frame = self._mapping(frame, f"frame {short(number)}")
            properties = self._mapping(frame.get("frame_properties", {}), f"frame {short(number)}")
            scan = word(
                properties.get("scan", number), "scan", f"{self.file}: frame {short(number)}"
            )
            _, cuboids, regions = found.setdefault(number, (scan, [], []))
            self.count_others(frame)
            for key, element in self._mapping(frame.get("objects", {}), "objects").items():
                where = f"{self.file}: frame {short(number)}, object {short(key)}"
                data = self._mapping(element, where).get("object_data", {})
                self._take(key, self._mapping(data, where), where, cuboids, regions)
        self._take_static(found)
        return found

    def _take_static(self, found: dict[str, tuple[str, list[_Cuboid], list[list[float]]]]) -> None:
        """What an object holds itself stands in all its frames; without frames, in frame 0."""
        for key in self.objects:
            where = f"{self.file}: object {short(key)}"
            thing = self.object(key, where)
            data = self._mapping(thing.get("object_data", {}), where)
            spans = self._items(thing.get("frame_intervals", []), f"object {short(key)}")
            there = [frame for span in spans for frame in self._span(span, key)] or list(found)
            held = any(values and kind not in _TELLING for kind, values in data.items())
            for number in (there or ["0"]) if held else ():
                _, cuboids, regions = found.setdefault(number, (number, [], []))
                self._take(key, data, where, cuboids, regions)

    def _span(self, span: Mapping[str, Any], key: str) -> Iterator[str]:
        where = f"{self.file}: the frame interval of object {short(key)}"
        first, last = numbers([span.get("frame_start"), span.get("frame_end")], where)
        if last - first > _MOST_FRAMES:
            raise DataError(f"{where} has {last - first:,.0f} frames.", MEND)
        return (str(frame) for frame in range(int(first), int(last) + 1))

    def count_others(self, element: Mapping[str, Any]) -> None:
        """Count the elements of a file or frame that are no objects."""
        for name in _OTHER_ELEMENTS:
            if element.get(name):
                self.left_out[name[:-1]] += len(element[name])

    def _take(
        self,
        key: str,
        data: Mapping[str, Any],
        where: str,
        cuboids: list[_Cuboid],
        regions: list[list[float]],
    ) -> None:
        region = self.object(key, where)["type"] == REGION
        for kind, values in data.items():
            if kind in _TELLING:
                own = {"track"} if kind == "text" else set()
                extra = [v for v in self._items(values, where) if v.get("name") not in own]
                self.left_out["attribute"] += len(extra)
                continue
            for value in self._items(values, f"{where}, {kind}"):
                if kind == "bbox" and region:
                    x, y, width, height = self._values(value, (4,), f"{where}, bbox")
                    regions.append([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
                elif kind != "cuboid":
                    self.left_out[kind] += 1
                elif value.get("val") is None:
                    self.left_out["cuboid without values"] += 1
                else:
                    cuboid = _Cuboid(where, key, value)
                    if self.system in (None, _system(cuboid) or self.system):
                        cuboids.append(cuboid)
                    else:
                        self.left_out[f"cuboid in {short(_system(cuboid))}"] += 1

    def _values(self, value: Mapping[str, Any], counts: tuple[int, ...], where: str) -> list[float]:
        found = value.get("val")
        if not isinstance(found, list) or len(found) not in counts:
            said = " or ".join(map(str, counts))
            raise DataError(f"{where}: val is not {said} numbers.", MEND)
        return numbers(found, where)

    def box(self, cuboid: _Cuboid) -> np.ndarray:
        """(7,) of a cuboid."""
        values = self._values(cuboid.value, (9, 10), cuboid.where)
        if len(values) == 10:
            rotation = from_quaternion(values[3:7], cuboid.where)
        else:
            rotation = from_angles(values[3:6])
        self.tilts.add(rotation)
        return checked([*values[:3], *values[-3:], yaw_of(rotation)], cuboid.where)

    def attributes(self, cuboid: _Cuboid) -> dict[str, Any]:
        """The values that stand in a cuboid's attributes."""
        found: dict[str, Any] = {}
        where = f"{cuboid.where}, attributes"
        held = self._mapping(cuboid.value.get("attributes", {}), where)
        for values in held.values():
            for value in self._items(values, where):
                if value.get("name") in _ATTRIBUTES:
                    found[value["name"]] = value.get("val")
                else:
                    self.left_out["attribute"] += 1
        return found


def read(file: Path, names: Names, system: str | None = None) -> Found:
    """The boxes of a file by frame: the scan that its properties name, else its number.

    `system` is the coordinate system whose cuboids are taken where the file has several. Raises
    DataError for another version, for what is no such file, and for two boxes of a frame with one
    track. What else the file has (polygons, actions, attributes of others) is counted in the notes.
    """
    value = json_of(file)
    root = value.get("openlabel") if isinstance(value, dict) else None
    if not isinstance(root, dict):
        raise DataError(f"{file} is no OpenLABEL: it has no openlabel.", MEND)
    metadata = root.get("metadata")
    version = metadata.get("schema_version") if isinstance(metadata, dict) else None
    if version != VERSION:
        raise DataError(
            f"{file} is of OpenLABEL version {short(version)}; {VERSION} is read.",
            f"Convert it to {VERSION} with the program that wrote it.",
        )
    reader = _Reader(file, root, system)
    reader.count_others(root)
    tables: dict[str, Boxes] = {}
    order = reader.frames()
    for number in sorted(order, key=lambda number: int(number) if number.isdecimal() else -1):
        name, cuboids, regions = order[number]
        systems = {_system(cuboid) for cuboid in cuboids}
        if len(systems) > 1:
            raise DataError(
                f"{file}: frame {short(number)} has cuboids in several coordinate systems: "
                f"{short(', '.join(sorted(systems)))}.",
                "Say which of them is the scanner's.",
            )
        if name in tables:
            raise DataError(f"{file}: two frames are of the scan {short(name)}.", MEND)
        tables[name] = _table(reader, number, cuboids, regions, names)
    left = [counted(count, what) for what, count in sorted(reader.left_out.items()) if count]
    notes = (f"{', '.join(left)} of {file.name} not taken: no boxes.",) if left else ()
    return Found(tables, (*notes, *reader.tilts.notes))


def _table(
    reader: _Reader,
    number: str,
    cuboids: list[_Cuboid],
    regions: list[list[float]],
    names: Names,
) -> Boxes:
    tracks = [reader.track(cuboid.key) for cuboid in cuboids]
    keys = [cuboid.key for cuboid in cuboids]
    apart(((key, f"object {short(key)}") for key in keys), number, reader.file)
    apart(zip(tracks, (f"object {short(key)}" for key in keys), strict=True), number, reader.file)
    types = [reader.object(cuboid.key, cuboid.where)["type"] for cuboid in cuboids]
    told = [reader.attributes(cuboid) for cuboid in cuboids]
    where = [cuboid.where for cuboid in cuboids]

    def column(name: str, count: int = 1) -> np.ndarray:
        made = np.full((len(told), count), np.nan)
        for row, (values, place) in enumerate(zip(told, where, strict=True)):
            if name in values:
                given = values[name] if count > 1 else [values[name]]
                if not isinstance(given, list) or len(given) != count:
                    raise DataError(f"{place}: {name} is not {count} numbers.", MEND)
                made[row] = numbers(given, f"{place}, {name}")
        return made if count > 1 else made[:, 0]

    occluded = np.nan_to_num(column("occluded"), nan=UNKNOWN)
    truncated = column("truncated")
    for hidden, cut, place in zip(occluded, truncated, where, strict=True):
        whole(hidden, UNKNOWN, 3, "occlusion", place)
        part(cut, "truncation", place)
    return Boxes.of(
        np.array([reader.box(cuboid) for cuboid in cuboids]).reshape(-1, 7),
        names.ids(types, reader.file),
        track=tracks,
        score=column("score"),
        truncated=truncated,
        occluded=occluded,
        ignore=[values.get("ignore") is True for values in told],
        alpha=column("alpha"),
        picture=column("picture", 4),
        regions=regions,
    )
