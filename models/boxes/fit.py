"""Training of a detector, from samples to a checkpoint (docs/method.md, Detector).

Scene i of step s is sample s * batch + i, its augmentation a function of seed and number, so a run
that was killed goes on from its last saved state to the same bits.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.base.compiling import warm
from core.base.errors import Cancelled, ProjectError
from core.base.files import hash_input, hash_json, write_json
from core.base.jobs import Job
from core.base.words import counted, duration
from core.boxes.kinds import kinds_of
from core.boxes.predictions import FramePrediction
from core.boxes.samples import Samples
from core.data.classes import ClassList
from models.boxes import checkpoint as own
from models.boxes.augment import augmented
from models.boxes.detector import look
from models.boxes.learner import Batch, Learner
from models.boxes.pillar_center import Size
from models.boxes.pillars import Grid, pillars
from models.boxes.targets import targets
from models.machine import device, precision, use_threads
from models.networks import checkpoint
from models.training.batches import ahead
from models.training.learner import OutOfMemory

_LOSSES = "run.losses"
_SAVE_EVERY_S = 120.0
_LONG_STEP_S = 3.0  # an estimate takes a second step only where the first was shorter
_READERS = 8
_ROWS = 100  # of the log


@dataclass(frozen=True)
class Setup:
    """A detector and how it is trained. `view` is "camera" or "ring"; `threads` 0 leaves one core
    to the window; `fit`: whether scores tell the fit too; `augment`: whether scenes are turned."""

    detector: str
    size: Size
    grid: Grid
    view: str
    classes: ClassList
    batch: int
    learning_rate: float
    seed: int
    mixed: bool = False
    threads: int = 0
    fit: bool = True
    augment: bool = True

    def about(self, steps: int, threads: int, training: str) -> own.About:
        """What a checkpoint of this setup says of itself before its first step."""
        size, grid = self.size, self.grid
        return own.About(
            detector=self.detector,
            channels=[size.point, *size.blocks, size.up, size.shared],
            classes=self.classes.names,
            view=self.view,
            low=list(grid.low),
            high=list(grid.high),
            cell_m=grid.cell_m,
            seed=self.seed,
            steps=steps,
            step=0,
            batch=self.batch,
            torch=torch.__version__,
            threads=threads,
            training=training,
            precision=precision(device(), self.mixed),
        )


def state_of(out: Path) -> Path:
    """Where the state of a training that was interrupted lies, beside its checkpoint."""
    return out.with_name(f"{out.stem}-training{out.suffix}")


def log_of(out: Path) -> Path:
    """Where the losses of a training lie, beside its checkpoint."""
    return out.with_name(f"{out.stem}-log.json")


def origin(setup: Setup, start: Path | None) -> str:
    """A hash of a setup, and of the checkpoint that a training of it goes on from."""
    values = {**vars(setup), "classes": setup.classes.names, "threads": 0}
    merged = setup.classes.now.tolist()
    return hash_json([repr(values), merged, None if start is None else hash_input(start)])


def fit(
    samples: Samples, steps: int, start: Path | None, job: Job, *, setup: Setup, out: Path
) -> None:
    """Train `steps` on `samples` and write the checkpoint `out`, its losses beside it.

    `start`: a checkpoint to go on from, with a cycle of its own. A state saved by an interrupted
    run of the same samples and setup is taken up. Raises ProjectError for a checkpoint that does
    not fit, too little memory, or a loss that is no number; Cancelled keeps every step.
    """
    threads = use_threads(setup.threads)
    warm("core.boxes.warm", job)
    about = setup.about(steps, threads, hash_json([samples.key, steps, origin(setup, start)]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(setup.seed)
        network = about.network()
    if start is not None:
        tensors, found = own.read(start)
        own.check_fits(start, found, about, setup.classes)
        checkpoint.load_network(network, tensors, known=len(found.classes))
    learner = Learner(network, setup.learning_rate, mixed=setup.mixed)
    run = _Run(learner, samples, setup, about, out)
    # The same sums in the same order on a GPU too.
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
        run.resume(job)
        if run.step < steps:
            began = time.monotonic()
            run.renew(job)  # before it is told how long all takes
            job.progress(run.step, steps, "estimate", always=True)
            job.say(run.estimate(time.monotonic() - began if run.looked else None))
        run.go(job)
    checkpoint.save(out, network, run.about())
    run.state.unlink(missing_ok=True)


class _Run:
    """The state of one training."""

    def __init__(
        self, learner: Learner, samples: Samples, setup: Setup, about: own.About, out: Path
    ) -> None:
        self.learner, self.samples, self.setup = learner, samples, setup
        self.begun = about
        self.kinds = kinds_of(setup.classes)
        self.state, self.log_file = state_of(out), log_of(out)
        self.step = 0
        self.losses = np.full(about.steps, np.nan)
        self.saved = time.monotonic()
        self.looked = False  # at scenes, in this call

    def about(self) -> own.About:
        return replace(self.begun, step=self.step)

    def resume(self, job: Job) -> None:
        """Take up the state of an interrupted run, if there is one of the same input."""
        if not self.state.exists():
            return
        tensors, about = own.read(self.state)
        if (about.training, about.seed, about.steps) != (
            self.begun.training,
            self.begun.seed,
            self.begun.steps,
        ):
            job.say(
                "The training that was interrupted was of other frames or settings: it begins anew."
            )
            return
        if not self.samples.ready(about.step):
            job.say("What the interrupted training learnt from is gone: it begins anew.")
            return
        losses = tensors.get(_LOSSES)
        if (
            losses is None
            or (losses.dtype, tuple(losses.shape)) != (torch.float64, self.losses.shape)
            or about.step > about.steps
        ):
            raise ProjectError(
                f"The training that was interrupted cannot go on: {self.state} is damaged.",
                "Delete it and train again.",
            )
        checkpoint.load_network(self.learner.network, tensors)
        checkpoint.load_optimiser(self.learner.optimiser, tensors, self.state.name)
        self.learner.load_state(tensors)
        self.step, self.losses = about.step, losses.numpy().copy()
        if about.precision != self.begun.precision:
            job.say(
                f"The interrupted training was in {about.precision}, here it goes on in "
                f"{self.begun.precision}: it ends otherwise than there."
            )
        if about.threads != self.begun.threads:
            job.say(
                f"The interrupted training used {about.threads} threads, here it goes on with "
                f"{self.begun.threads}: right, but not to the same last bits."
            )

    def save(self) -> None:
        self.saved = time.monotonic()
        more: dict[str, Tensor] = {_LOSSES: torch.from_numpy(self.losses), **self.learner.state()}
        network, optimiser = self.learner.network, self.learner.optimiser
        checkpoint.save(self.state, network, self.about(), optimiser, more)

    def batch(self, step: int) -> Batch:
        """What a step learns."""
        setup = self.setup
        chosen = []
        for number in range(step * setup.batch, (step + 1) * setup.batch):
            sample = self.samples.sample(number)
            if setup.augment:
                rng = np.random.default_rng([setup.seed, number, 1])
                sample = augmented(sample, rng, ring=setup.view == "ring")
            chosen.append(sample)
        seen = pillars([sample.points for sample in chosen], setup.grid)
        return Batch(seen, targets(chosen, setup.grid, self.kinds))

    def estimate(self, renewed: float | None) -> str:
        """Time a step or two on a copy of the network; say how long the whole will take, with all
        that is to be made anew on the way, as it just was in so many seconds (None: it was not)."""
        trial = Learner(
            copy.deepcopy(self.learner.network),
            self.setup.learning_rate,
            mixed=self.setup.mixed,
        )
        seconds = 0.0
        for _ in range(2):  # the first one fills buffers
            began = time.monotonic()
            trial.learn(self.batch(self.step), self.step, self.begun.steps)
            seconds = time.monotonic() - began
            if seconds > _LONG_STEP_S:
                break
        left = self.begun.steps - self.step
        again = sum(map(self.samples.due, range(self.step + 1, self.begun.steps)))
        all_frames = f", {counted(again, 'look')} at all frames" if again else ""
        more = f"{all_frames} of {duration(renewed)}" if again and renewed else all_frames
        unknown = "at least" if again and renewed is None else "about"
        return (
            f"Training takes {unknown} {duration(left * seconds + again * (renewed or 0))}: "
            f"{left:,} steps of {seconds:.2g} s{more} ({device().type}, {self.begun.precision})."
        )

    def predict(self, scenes: Sequence[np.ndarray]) -> list[FramePrediction]:
        """What the network says of scenes as it is now, a merged class, which one that it began as
        may know, as the one that it counts as; it learns on afterwards."""
        network, now = self.learner.network.eval(), self.setup.classes.now
        self.looked = True
        try:
            found = look(network, scenes, fit=self.setup.fit)
            return [one.merged(now) for one in found]
        finally:
            network.train()

    def renew(self, job: Job) -> None:
        """Let the samples be made anew where that is due; what is kept for this step stays."""
        if self.samples.due(self.step):
            self.save()
            self.samples.refresh(self.step, self.predict, job)

    def go(self, job: Job) -> None:
        """Train to the end, after a `renew`. What was learnt is saved where the job is cancelled or
        memory ends."""
        steps = self.begun.steps
        # A GPU must not wait for samples; on a CPU the cores have work enough.
        readers = min(_READERS, os.cpu_count() or 1) if self.learner.where.type == "cuda" else 0
        try:
            while self.step < steps:
                following = (s for s in range(self.step + 1, steps) if self.samples.due(s))
                self._until(next(following, steps), readers, job)
                if self.step < steps:
                    self.renew(job)
        except (Cancelled, OutOfMemory):
            if self.step:  # else there is nothing to keep, and no reason to keep its frames
                self.save()
            raise
        self._log()
        job.progress(steps, steps, "train", always=True, **self._values())

    def _until(self, end: int, readers: int, job: Job) -> None:
        """Take the steps before `end`, for which samples may be made ahead."""
        made = ahead(self.batch, range(self.step, end), readers)
        try:
            for batch in made:
                job.progress(self.step, self.begun.steps, "train", **self._values())
                loss = self.learner.learn(batch, self.step, self.begun.steps)
                self.losses[self.step] = np.nan if loss is None else loss
                self.step += 1
                if time.monotonic() - self.saved > _SAVE_EVERY_S:
                    self.save()
                    self._log()
        finally:
            made.close()

    def _values(self) -> dict[str, Any]:
        """What is shown beside the progress: the mean loss of the last steps."""
        last = self.losses[max(0, self.step - 20) : self.step]
        last = last[np.isfinite(last)]
        return {"loss": float(last.mean())} if len(last) else {}

    def _log(self) -> None:
        """Keep the losses, means over a hundredth of the steps."""
        every = -(-self.begun.steps // _ROWS)
        rows = []
        for first in range(0, self.step, every):
            part = self.losses[first : min(first + every, self.step)]
            part = part[np.isfinite(part)]
            last = min(first + every, self.step)
            rows.append({"step": last, "loss": float(part.mean()) if len(part) else None})
        write_json(self.log_file, {"steps": rows})
