"""Labelled frames as a detector learns them: each with objects of the others set in it (Yan et
al., Sensors 2018), where they are in their own frame and on the ground that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.base.files import hash_json
from core.base.jobs import Job
from core.boxes.geometry import points_per_box, rotated_iou
from core.boxes.kinds import Kind
from core.boxes.samples import Predict, Sample
from core.boxes.ssal.bank import GT, Item, points_of
from core.boxes.ssal.scenes import drawn, pseudo_scene
from core.boxes.table import Boxes

LEAST_POINTS = 5  # of an object that is set in another frame
_CARS, _SMALL, _LARGE = 15, 10, 3  # most objects of a class in a scene
_LARGE_M = 2.5  # in length
_EVERY = 2


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame that people finished. `boxes`: in the coordinates of its scene; those to `ignore` are
    neither learnt nor wrong. `digest`: of all that its scene is made of."""

    scan: str
    boxes: Boxes
    digest: str


def most_objects(kinds: Sequence[Kind]) -> dict[int, int]:
    """How many objects of each class a scene gets at most: 15 cars, 10 of what is small, as the
    paper's code has it for cars, pedestrians and cyclists; 3 of what is large, or of any size."""
    made = {}
    for label, kind in enumerate(kinds):
        large = kind.size is None or kind.size[0] > _LARGE_M
        made[label] = _CARS if kind.name == "car" else _LARGE if large else _SMALL
    return made


class LabelledFrames:
    """Samples (core.boxes.samples) that are people's frames, each once before any comes again.

    `paste`: whether objects of other frames are set in them.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        read: Callable[[str], np.ndarray],
        most: Mapping[int, int],
        seed: int,
        job: Job,
        *,
        paste: bool = True,
    ) -> None:
        """`read`: scan -> points (n, 4) float32, intensities 0..1; all frames are read once. Raises
        DataError for a scan that cannot be read."""
        self._read, self._most, self._seed, self._paste = read, dict(most), seed, paste
        self._frames = tuple(frames)
        self._order = lru_cache(2)(self._shuffled)
        self.items: list[Item] = []
        self._tables: list[tuple[Boxes, np.ndarray]] = []
        self.unseen = 0  # boxes that are not learnt, since they hold no point here
        for place, frame in enumerate(self._frames):
            job.progress(place, len(self._frames), "read frames")
            points = read(frame.scan)
            inside = points_per_box(points, frame.boxes.box)
            # What nobody can see here, behind the picture's edge or with no point, is not learnt.
            seen = (inside > 0) & ~frame.boxes.ignore
            self.unseen += int((~seen & ~frame.boxes.ignore).sum())
            self._tables.append((frame.boxes.take(seen), frame.boxes.box[~seen]))
            known = frame.boxes.take(seen & (inside >= LEAST_POINTS))
            parts = points_of(points, known.box)
            self.items += [
                Item(box, int(label), 1.0, frame.scan, part, GT)
                for box, label, part in zip(known.box, known.label, parts, strict=True)
            ]
        job.progress(len(self._frames), len(self._frames), "read frames", always=True)

    @property
    def key(self) -> str:
        """See core.boxes.samples.Samples."""
        frames = [
            [
                f.scan,
                f.digest,
                f.boxes.box.tolist(),
                f.boxes.label.tolist(),
                f.boxes.ignore.tolist(),
            ]
            for f in self._frames
        ]
        return hash_json([frames, sorted(self._most.items()), self._seed, self._paste])

    def counts(self) -> dict[int, int]:
        """Boxes that are learnt, by class id."""
        found: dict[int, int] = {}
        for table, _ in self._tables:
            for label in table.label.tolist():
                found[label] = found.get(label, 0) + 1
        return found

    def _shuffled(self, epoch: int) -> np.ndarray:
        return np.random.default_rng([self._seed, epoch, 2]).permutation(len(self._frames))

    def sample(self, number: int) -> Sample:
        """See core.boxes.samples.Samples."""
        epoch, place = divmod(number, len(self._frames))
        which = int(self._order(epoch)[place])
        table, ignore = self._tables[which]
        points = self._read(self._frames[which].scan)
        box, label = table.box, table.label.astype(np.int64)
        if self._paste:
            rng = np.random.default_rng([self._seed, number, 3])
            objects = self._free(label, np.concatenate([box, ignore]), rng)
            scene = pseudo_scene(points, objects, ())
            points = scene.points
            box = np.concatenate([box, scene.boxes.astype(np.float64)])
            label = np.concatenate([label, scene.labels])
        return Sample(points, box.astype(np.float32), label, ignore.astype(np.float32))

    def _free(self, label: np.ndarray, there: np.ndarray, rng: np.random.Generator) -> list[Item]:
        """Objects to set in a frame: as many as its classes lack, none on what is there."""
        of_class: dict[int, list[Item]] = {}
        for item in self.items:
            of_class.setdefault(item.label, []).append(item)
        lacks = {}
        for of, items in of_class.items():
            # None more often than in every second scene: of few the very ones would be learnt.
            most = min(self._most.get(of, 0), len(items) // _EVERY)
            lacks[of] = max(0, most - int((label == of).sum()))
        chosen = drawn(of_class, lacks, rng)
        boxes = np.array([item.box for item in chosen]).reshape(-1, 7)
        clash = (rotated_iou(boxes, there)[0] > 0).sum(axis=1)
        return [item for item, others in zip(chosen, clash.tolist(), strict=True) if not others]

    def ready(self, step: int) -> bool:
        """See core.boxes.samples.Samples."""
        return True

    def due(self, step: int) -> bool:
        """Nothing depends on the network."""
        return False

    def refresh(self, step: int, predict: Predict, job: Job) -> None:
        """Nothing depends on the network."""
