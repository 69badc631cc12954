"""The training set of a round's detectors: which frames, as their boxes stood, frozen once.

As that of points it is stored as positions in the journals (core.rounds.training_set): what is
drawn while a round trains counts from the next one on, and a run that was killed goes on with the
same boxes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.answers.box import stays_upright, table_of
from core.base.errors import ProjectError
from core.base.files import read_json, write_json
from core.base.paths import check_name
from core.boxes.labelled import Frame
from core.project.project import FRAME_ROUNDS, Project
from core.rounds.box_models import FIRST
from core.rounds.round import TRAINING

_VERSION = 1
_SHARE, _LEAST = 5, 5  # one frame of so many is held out, and at least so many
_DO = "Finish some frames in the window (F4), or import boxes: `lidarloop import --task boxes`."


@dataclass(frozen=True)
class BoxTraining:
    """Frames whose boxes a round's detectors learn, and those `held_out` to compare them on, both
    in the order in which people count; `positions`: per annotator the last entry that counts;
    `how`: a hash of the settings that a final detector learns it by, "" where that is not kept."""

    frames: tuple[str, ...]
    held_out: tuple[str, ...]
    positions: Mapping[str, int]
    how: str = ""


def models_folder(project: Project) -> Path:
    """Where the detectors of now are kept: in the newest round of frames, else beside them."""
    rounds = project.frame_rounds
    return rounds[-1].folder if rounds else project.path / FRAME_ROUNDS / FIRST


def freeze(project: Project, folder: Path) -> BoxTraining:
    """The training set of a folder's detectors, frozen by the first call. Raises ProjectError where
    no finished frame is among the training scans, or none of them has a box."""
    path = folder / TRAINING
    if not path.exists():
        write_training(path, _of_now(project))
    return read_training(path)


def freeze_all(project: Project, folder: Path, how: str) -> BoxTraining:
    """As `freeze`, with no frame held out: for the final detector, learnt by the settings of `how`
    (BoxTraining)."""
    path = folder / TRAINING
    if not path.exists():
        positions = project.answers.positions()
        write_training(path, BoxTraining(_finished(project), (), positions, how))
    return read_training(path)


def _finished(project: Project) -> tuple[str, ...]:
    """The finished frames of the training scans. Raises ProjectError where none has a box that is
    learnt."""
    finished = project.boxes.finished
    frames = [scan for scan in project.dataset.train if scan in finished]
    if not frames:
        raise ProjectError("No frame is finished: there is nothing to train a detector on.", _DO)
    if not any(project.boxes.counts_of(frames).values()):
        raise ProjectError(
            "No finished frame has a box that somebody looked at: there is nothing to train on.",
            _DO,
        )
    return tuple(frames)


def _of_now(project: Project) -> BoxTraining:
    frames = _finished(project)
    held_out = () if len(validation_of(project)) >= _LEAST else _held_out(frames, project.seed)
    learnt = [scan for scan in frames if scan not in held_out]
    if not any(project.boxes.counts_of(learnt).values()):  # all boxes are in those held out
        learnt, held_out = list(frames), ()
    return BoxTraining(tuple(learnt), held_out, project.answers.positions())


def validation_of(project: Project) -> list[str]:
    """The validation scans whose boxes are known: finished here, or labelled by the dataset with
    boxes that stand upright in the axes of [rig] too."""
    dataset, boxes = project.dataset, project.boxes
    upright = stays_upright(dataset.from_files)
    return [
        scan
        for scan in dataset.validation
        if boxes.is_finished(scan) or (upright and dataset.has_boxes(scan))
    ]


def _held_out(frames: Sequence[str], seed: int) -> tuple[str, ...]:
    """A fifth of the frames by chance, 5 at least; none of so few that half would be missing."""
    count = max(_LEAST, len(frames) // _SHARE)
    if 4 * _LEAST > len(frames):
        return ()
    chosen = sorted(frames, key=lambda scan: _chance(seed, scan))[:count]
    return tuple(scan for scan in frames if scan in chosen)


def _chance(seed: int, scan: str) -> bytes:
    # Of the frame alone, so that most frames stay on their side as others come.
    return hashlib.blake2b(f"{seed}|held out|{scan}".encode(), digest_size=8).digest()


def write_training(path: Path, training: BoxTraining) -> None:
    """Keep a training set at `path`, atomically."""
    write_json(
        path,
        {
            "version": _VERSION,
            "task": "boxes",
            "positions": dict(training.positions),
            "scans": list(training.frames),
            "held_out": list(training.held_out),
            **({"how": training.how} if training.how else {}),
        },
    )


def read_training(path: Path) -> BoxTraining:
    """Read what `write_training` wrote. Raises ProjectError where it is damaged."""
    names = list[str]
    stored = read_json(path, version=int, positions=dict[str, int], scans=names, held_out=names)
    if stored["version"] != _VERSION:
        raise ProjectError(
            f"{path} was written by another version of LidarLoop ({stored['version']}).",
            "Open the project with the version that wrote it, or update LidarLoop.",
        )
    named = [*stored["scans"], *stored["held_out"]]
    if len(set(named)) != len(named) or not stored["scans"]:
        raise ProjectError(
            f"{path} is damaged: it names no frame, or one twice.",
            "Restore it from a copy of the project.",
        )
    for name in named:
        check_name(name)
    frames, held_out = tuple(stored["scans"]), tuple(stored["held_out"])
    return BoxTraining(frames, held_out, stored["positions"], str(stored.get("how", "")))


def frame_of(project: Project, scan: str, training: BoxTraining | None = None) -> Frame:
    """A finished frame with its boxes, of now or as a training set froze them. What nobody vouched
    for yet (copied, interpolated) is to be ignored. Raises DataError as `Project.boxes_of` does."""
    ref = project.scan_ref(scan)
    until = None if training is None else training.positions
    boxes = list(project.boxes.of(ref, project.dataset.from_files, until=until).values())
    known = [box if box.sure else replace(box, ignore=True) for box in boxes]
    return Frame(scan, table_of(known), ref.hash)
