"""Scenes that CPSP trains on: labelled frames and pseudo scenes, mixed, from a bank that is made
anew as the network learns (core.boxes.samples.Samples)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.base.errors import ProjectError
from core.base.files import hash_json, write_json
from core.base.jobs import Job
from core.boxes.kinds import Kind
from core.boxes.predictions import FramePrediction
from core.boxes.samples import Predict, Sample, Samples
from core.boxes.ssal.bank import Item, without
from core.boxes.ssal.bank_file import Bank, read_bank, write_bank
from core.boxes.ssal.refresh import How, Judged, Labelled, judged, refreshed
from core.boxes.ssal.scenes import drawn, pseudo_scene

BANK, TOLD = "bank.npz", "bank.json"
_CHUNK = 16  # frames that are predicted together


@dataclass(frozen=True)
class Parts:
    """What a pseudo scene is made of.

    Attributes
    ----------
    objects : most objects of a class, by class id; false : false positives of each class
    labelled : share of the scenes that are labelled frames
    refreshes : how often the bank is made anew in a training
    """

    objects: Mapping[int, int]
    false: int
    labelled: float
    refreshes: int


class Cpsp:
    """Scenes of a training with CPSP, kept by the bank in `folder`.

    Attributes
    ----------
    pool : frames without labels
    bank : of the last refresh; None before the first
    """

    def __init__(
        self,
        folder: Path,
        labelled: Samples,
        *,
        people: Sequence[Item],
        boxes: Mapping[str, np.ndarray],
        pool: Sequence[str],
        held_out: Mapping[str, Labelled],
        read: Callable[[str], np.ndarray],
        digest: Callable[[str], str],
        kinds: Sequence[Kind],
        how: How,
        parts: Parts,
        steps: int,
        seed: int,
        network: str,
    ) -> None:
        """`labelled`: the labelled frames as `models` learns them; `people`: objects of people's
        boxes; `boxes`: frame -> (k, 7) all that are in it, of the pool's frames too, unconfirmed
        ones and regions to ignore among them: no background has what is in them; `pool`: frames
        without labels; `read`: frame -> points (N, 4) float32, intensities 0..1; `digest`: frame ->
        a hash of all that these are made of; `steps` of the whole training; `network`: a hash of
        what predicts, of which a bank is made too.

        Goes on with the bank that lies there where it is of the same training. Raises ProjectError
        where that is damaged.
        """
        self._folder, self._labelled = folder, labelled
        self._people, self._boxes, self.pool = people, boxes, tuple(pool)
        self._held_out, self._read, self._digest, self._kinds = held_out, read, digest, kinds
        self._how, self._parts, self._seed, self._network = how, parts, seed, network
        self._every = max(1, steps // parts.refreshes)
        # The last refresh would be of what is learnt no more.
        self._last = self._every * (parts.refreshes - 1)
        self.bank: Bank | None = None
        if (folder / BANK).exists():
            bank = read_bank(folder / BANK)
            if bank.key == self.key:
                self._use(bank)

    @cached_property
    def key(self) -> str:
        """A hash of all that the scenes are made of, but for the bank."""
        people = [
            [item.frame, item.label, item.box.tolist(), len(item.points)] for item in self._people
        ]
        boxes = {scan: there.tolist() for scan, there in self._boxes.items()}
        how, parts = [*self._how.rule, *self._how[1:]], vars(self._parts)
        pool, held_out = ([[s, self._digest(s)] for s in of] for of in (self.pool, self._held_out))
        known = [self._labelled.key, people, boxes, pool, held_out, how]
        parts = {**parts, "objects": sorted(self._parts.objects.items())}
        return hash_json([*known, parts, self._every, self._seed, self._network])

    def due(self, step: int) -> bool:
        """Whether the bank is to be made anew before a step."""
        return step % self._every == 0 and step <= self._last

    def ready(self, step: int) -> bool:
        """Whether the bank of a training that goes on from a step is there."""
        last = min(step - step % self._every, self._last)
        # Saved before the refresh of its step, or after it.
        made = {last, last - self._every} if step == last else {last}
        return step == 0 or (self.bank is not None and self.bank.step in made)

    def refresh(self, step: int, predict: Predict, job: Job) -> None:
        """Make the bank of a step from what the network says of the pool, and keep it.

        Where it was kept for that step already it stays. Raises ProjectError where the bank of the
        refresh before is gone: then the training cannot go on as it began.
        """
        if self.bank is not None and self.bank.step == step:
            return
        before = None if step == 0 else self.bank
        if step > 0 and (before is None or before.step != step - self._every):
            raise ProjectError(
                f"{BANK} of the training's last refresh is missing in {self._folder}.",
                "Train the round again from its beginning.",
            )
        found = self._predicted(self.pool, predict, job)
        sure = self._predicted(list(self._held_out), predict, job)

        def judge(threshold: Mapping[int, float]) -> Judged:
            return judged(self._held_out, sure, threshold, self._kinds)

        bank = refreshed(
            before,
            people=self._people,
            boxes=self._boxes,
            found=found,
            read=self._read,
            judge=judge,
            how=self._how,
            step=step,
            key=self.key,
            classes=len(self._kinds),
            job=job,
        )
        write_bank(self._folder / BANK, bank)
        self._use(bank)

    def sample(self, number: int) -> Sample:
        """A labelled frame, or a pseudo scene of the bank as it is. Raises ProjectError before the
        first refresh."""
        bank = self.bank
        if bank is None:
            raise ProjectError(
                f"There is no {BANK} in {self._folder} for this training.",
                "Train the round again from its beginning.",
            )
        rng = np.random.default_rng([self._seed, number, bank.step])
        # Without an object, or a background, there is no pseudo scene.
        if rng.random() < self._parts.labelled or not (self._items and self._backgrounds):
            return self._labelled.sample(number)
        scan = self._backgrounds[rng.integers(len(self._backgrounds))]
        background = without(self._read(scan), bank.cleared[scan])
        false = {label: self._parts.false for label in self._false}
        scene = pseudo_scene(
            background,
            drawn(self._items, self._parts.objects, rng),
            drawn(self._false, false, rng),
        )
        none = np.zeros((0, 7), np.float32)
        return Sample(scene.points, scene.boxes, scene.labels, none)

    def _use(self, bank: Bank) -> None:
        """Take scenes from a bank; what it tells is kept beside it for people."""
        self.bank = bank
        self._backgrounds = list(bank.cleared)
        self._items, self._false = _by_class(bank.items), _by_class(bank.false)
        write_json(self._folder / TOLD, {"version": 1, "refreshes": list(bank.history)})

    def _predicted(
        self, scans: Sequence[str], predict: Predict, job: Job
    ) -> dict[str, FramePrediction]:
        made: dict[str, FramePrediction] = {}
        for first in range(0, len(scans), _CHUNK):
            job.progress(first, len(scans), "look again")
            some = scans[first : first + _CHUNK]
            made |= zip(some, predict([self._read(scan) for scan in some]), strict=True)
        return made


def _by_class(items: Sequence[Item]) -> dict[int, list[Item]]:
    made: dict[int, list[Item]] = {}
    for item in items:
        made.setdefault(item.label, []).append(item)
    return made
