"""One step of training: forward, loss over the labelled voxels, backward, Adam."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psutil
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.base.errors import ProjectError
from core.base.machine import BYTES_PER_VOXEL, MEMORY_SHARE
from core.base.settings import TrainSettings
from core.data.classes import IGNORED
from core.quality.iou import confusion
from models.machine import device
from models.sparse.layers import Levels
from models.training.batches import Batch
from models.training.group import Group
from models.training.teacher import Teacher

_LOWER = (
    "Lower train.batch or train.width, or raise train.voxel_m: in the window under Settings, or by "
    "`lidarloop settings PROJECT --preset laptop` or `--set train.batch=1`"
)
_SMALLER = "with a smaller batch training goes on where it is, else it begins anew."


class OutOfMemory(ProjectError):
    """A step does not fit; the network is as it was before it."""


@dataclass(frozen=True)
class Learnt:
    """The loss of a step, mean over its labelled voxels, and their confusion (C, C); with a mean
    teacher the step's `free` voxels, of which nobody said anything, and of how many it was sure."""

    loss: float
    matrix: np.ndarray
    free: int = 0
    sure: int = 0


class Learner:
    """A network and its optimiser, and with `teacher_weight` a mean teacher of the network.

    On CUDA with `mixed`, products run in half precision and the loss is scaled; sums, losses and
    weights stay in single.
    """

    def __init__(
        self,
        network: nn.Module,
        settings: TrainSettings,
        classes: int,
        group: Group | None = None,
    ) -> None:
        self.group = group or Group()
        self.where = device()
        self.network = network.to(self.where).train()
        self.optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
        self.mixed = settings.mixed and self.where.type == "cuda"
        self.scaler = torch.amp.GradScaler(enabled=self.mixed)
        self.settings = settings
        self.classes = classes
        self.teacher = Teacher(self.network, settings) if settings.teacher_weight else None
        self._joined = self.group.join(self.network)

    @property
    def result(self) -> nn.Module:
        """The network that predicts: the teacher where there is one, as its paper has it."""
        return self.teacher.network if self.teacher else self.network

    def state(self) -> dict[str, Tensor]:
        """What to go on from beside network and optimiser: the loss scale, none in single
        precision, and the teacher."""
        found = self.teacher.state() if self.teacher else {}
        if self.mixed:
            kept = self.scaler.state_dict()
            found["scaler"] = torch.tensor([kept["scale"], kept["_growth_tracker"]]).double()
        return found

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take up what `state` gave."""
        if self.teacher:
            self.teacher.load_state(tensors)
        if self.mixed and "scaler" in tensors:
            scale, tracker = tensors["scaler"].tolist()
            whole = {**self.scaler.state_dict(), "scale": scale, "_growth_tracker": int(tracker)}
            self.scaler.load_state_dict(whole)

    def learn(self, batch: Batch, place: str, step: int = 0) -> Learnt | None:
        """Take the run's step of number `step`; None for a batch that cannot be learnt from.

        It has no labelled voxel, or fewer than the two coarsest ones that batch normalisation
        needs. `place` says in an error where the run is. Raises OutOfMemory before the weights
        change, ProjectError for a loss that is no number or a GPU that is gone.
        """
        self._check_memory(batch)
        with explained(self.network, len(batch.scans), f"{_LOWER}; {_SMALLER}"):
            return self._learn(batch, place, step)

    def _learn(self, batch: Batch, place: str, step: int) -> Learnt | None:
        target = batch.target.to(self.where)
        levels = Levels(batch.keys.to(self.where), 4)
        labelled = int((batch.target != IGNORED).sum())
        counts = torch.tensor([labelled, len(levels.keys[-1])], device=self.where)
        everywhere, coarsest = self.group.total(counts).tolist()
        if not everywhere or coarsest < 2:
            return None
        pseudo, free, sure = self._said(batch, place)
        with torch.autocast(self.where.type, torch.float16, enabled=self.mixed):
            logits, _ = self._joined(batch.features.to(self.where), levels)
        logits = logits.float()
        each = F.cross_entropy(logits, target, ignore_index=IGNORED, reduction="sum")
        # Gradients are averaged over processes: the mean is over all their labelled voxels.
        loss = each * (self.group.size / everywhere)
        value = float(self.group.total(loss.detach())) / self.group.size
        told = value
        if self.teacher and sure:  # a mean over all free voxels: what few are sure of counts less
            each = F.cross_entropy(logits, pseudo, ignore_index=IGNORED, reduction="sum")
            more = each * (self.teacher.weight(step) * self.group.size / free)
            told += float(self.group.total(more.detach())) / self.group.size
            loss = loss + more
        if not np.isfinite(told):
            raise ProjectError(
                f"The loss became {told} in {place} (scan {batch.scans[0]}).",
                "Lower train.learning_rate and train again: it begins anew.",
            )
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        if self.teacher:
            self.teacher.follow(self.network, step + 1)
        predicted = logits.detach().argmax(1).cpu().numpy().astype(np.uint8)
        truth = batch.target.numpy().astype(np.uint8)
        matrix = torch.from_numpy(confusion(truth, predicted, self.classes))
        return Learnt(value, self.group.total(matrix.to(self.where)).cpu().numpy(), free, sure)

    def _said(self, batch: Batch, place: str) -> tuple[Tensor, int, int]:
        """What the teacher says of a batch's voxels, (V,) int64; how many are free in all
        processes, and of how many it is sure."""
        pseudo = torch.full_like(batch.target, IGNORED, device=self.where)
        if self.teacher is None:
            return pseudo, 0, 0
        free = 0
        if batch.weak is not None:
            pseudo = self.teacher.says(batch.weak, self.where, mixed=self.mixed, place=place)
            free = int((batch.weak.asked >= 0).sum())
        counts = torch.tensor([free, int((pseudo != IGNORED).sum())], device=self.where)
        everywhere, sure = self.group.total(counts).tolist()
        return pseudo, everywhere, sure

    def _check_memory(self, batch: Batch) -> None:
        needed = len(batch.keys) * BYTES_PER_VOXEL * self.settings.width
        if self.where.type == "cuda":
            free = torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved()
        else:
            free = psutil.virtual_memory().available
        if needed > free * MEMORY_SHARE:
            raise OutOfMemory(
                f"A training step on {len(batch.scans)} scans needs about {needed / 1e9:.1f} GB; "
                f"{free / 1e9:.1f} GB are free.",
                f"{_LOWER}; {_SMALLER}",
            )


@contextmanager
def explained(network: nn.Module, scans: int, do: str) -> Iterator[None]:
    """Around a step of a network on so many scans: raises what a failure of torch means for the
    person; where memory ran out OutOfMemory, with what to `do`, the network's buffers as they were
    before it. A fault of ours is raised as it is."""
    before = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    except RuntimeError as error:
        text = (str(error).splitlines() or [""])[0]
        if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in text:
            with torch.no_grad():  # the forward pass has moved running means already
                for buffer, kept in zip(network.buffers(), before, strict=True):
                    buffer.copy_(kept)
            what = f"Memory ran out in a training step on {scans} scans."
            raise OutOfMemory(what, do) from error
        if "CUDA error" in text or "CUDA driver" in text:
            raise ProjectError(
                f"The GPU stopped answering: {text}",
                "Restart the program, the machine if need be; training goes on from its last "
                "state.",
            ) from error
        raise
