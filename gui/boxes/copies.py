"""What copying boxes to another frame, and filling a track between keyframes, come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.answers.box import COPY, INTERPOLATE, Box
from core.answers.entry import ScanRef
from core.boxes.tracks import Poses, copied, heading, interpolated, settled
from core.project.project import Project
from gui.boxes.scan_points import ScanPoints
from gui.desk.content import Content, load

_BEFORE = 6  # frames in which a thing's earlier places are looked for

BoxState = tuple[ScanRef, str | None, Box]  # a box's scan, its name (None for a new one), its state


@dataclass(frozen=True)
class Copies:
    """What a copy comes to: `into` the frame it leads to, `held` how many things have a box there
    already; `given` the tracks that boxes of the frame `of` get meanwhile, by name."""

    states: Sequence[BoxState]
    of: str
    given: Mapping[str, str]
    into: str
    held: int
    chosen: str | None  # the track to choose there
    tool: str  # of those that nobody looked at yet
    words: str


def copies(
    project: Project, scan: str, wanted: Mapping[str, Box], into: str, kept: Content | None
) -> Copies:
    """Boxes of a scan as they stand in another one of its sequence. What has no track gets one, in
    both."""
    frames = project.dataset.frames(scan)
    here, there = frames.index(scan), frames.index(into)
    content = kept if kept is not None else load(project, into)
    points = ScanPoints.of(content)
    standing = points.points[points.standing]
    poses = _poses(project, frames, range(min(here, there) - _BEFORE, max(here, there) + 1), here)
    have = project.boxes.counts_by_scan()
    before = {
        place: project.boxes_of(frames[place])
        for place in range(max(here - _BEFORE, 0), here)
        if frames[place] in have
    }
    ref = project.scan_ref(into)
    tracked = {box.track: (name, box) for name, box in project.boxes_of(into).items() if box.track}
    states: list[BoxState] = []
    given: dict[str, str] = {}
    held, fresh = 0, _new_tracks(project, frames)
    chosen: str | None = None
    for name, box in wanted.items():
        track = box.track or next(fresh)
        chosen = track
        if track in tracked and tracked[track][1].sure:
            held += 1
            continue
        if not box.track:
            given[name] = track
        keys = {here: box.box} | {
            place: one.box
            for place, boxes in before.items()
            for one in boxes.values()
            if one.track == track
        }
        moving = heading(keys, here, poses) is not None
        moved = copied(keys, there, poses, moving=moving)
        at = settled(moved, standing, points.ground_at(moved[:2]))
        made = replace(box.edited(box=at), track=track, sure=False)
        own = tracked[track][0] if track in tracked else None
        states.append((ref, own, made))
    count = len(states)
    words = f"{many(count)} copied; Space confirms each."
    if held:
        words = f"{words} {many(held)} had a box there already."
    if not count:
        words = "Every one has a box there already."
    if into != scan and here not in poses:
        words += " There are no poses: they stand where the sensor saw them."
    return Copies(states, scan, given, into, held, chosen, COPY, words)


def missing(project: Project, before: str, into: str, kept: Content | None) -> Copies:
    """The boxes of a scan as they stand in a later one that has none of their tracks."""
    here = {box.track for box in project.boxes_of(into).values() if box.track}
    wanted = {n: box for n, box in project.boxes_of(before).items() if box.track not in here}
    if not wanted:
        words = "Every box of the frame before is here already."
        return Copies([], before, {}, into, 0, None, COPY, words)
    return copies(project, before, wanted, into, kept)


def between(project: Project, scan: str, tracks: frozenset[str]) -> Copies:
    """Boxes of things in all frames of a scan's sequence between those that a person set."""
    frames = project.dataset.frames(scan)
    have = project.boxes.counts_by_scan()
    found: dict[str, dict[int, tuple[str, Box]]] = {track: {} for track in tracks}
    for place, name in enumerate(frames):
        if name in have:
            for own, box in project.boxes_of(name).items():
                if box.track in tracks:
                    found[box.track][place] = own, box
    poses = _poses(project, frames, range(len(frames)), frames.index(scan))
    states: list[BoxState] = []
    settled_frames = project.boxes.settled
    for boxes in found.values():
        keys = {place: box.box for place, (_, box) in boxes.items() if box.sure}
        if len(keys) < 2:
            continue
        first = boxes[min(keys)][1]
        for place in range(min(keys) + 1, max(keys)):
            if place in keys or frames[place] in settled_frames:
                continue
            box = replace(first.edited(box=interpolated(keys, place, poses)), sure=False)
            before = boxes[place][0] if place in boxes else None
            # Its file may be read for this, so it is looked at here and not in the window.
            states.append((project.scan_ref(frames[place]), before, box))
    if not states:
        words = "Nothing lies between: a thing needs boxes in two frames that you set yourself."
    else:
        words = f"{many(len(states))} set between the keyframes; dashed until you confirm them."
    return Copies(states, scan, {}, scan, 0, None, INTERPOLATE, words)


def many(count: int) -> str:
    """So many boxes, in words."""
    return "1 box" if count == 1 else f"{count:,} boxes"


def _poses(project: Project, frames: Sequence[str], places: range, here: int) -> Poses:
    """By place of a frame the way from its coordinates to those of the shown one, where it is
    known."""
    found: dict[int, np.ndarray] = {}
    for place in places:
        if 0 <= place < len(frames):
            move = project.dataset.move(frames[place], frames[here])
            if move is not None:
                found[place] = move
    return found


def _new_tracks(project: Project, frames: Sequence[str]) -> Iterator[str]:
    """Tracks that no box of the sequence has: the numbers behind the largest one."""
    have = project.boxes.counts_by_scan()
    used = {box.track for scan in frames if scan in have for box in project.boxes_of(scan).values()}
    number = max((int(track) for track in used if track.isdecimal()), default=0)
    while True:
        number += 1
        yield str(number)
