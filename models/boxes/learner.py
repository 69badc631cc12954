"""One step of a detector's training: forward, loss, backward, AdamW by one cycle."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from core.base.errors import ProjectError
from models.boxes.pillar_center import PillarCenter
from models.boxes.pillars import Pillars
from models.boxes.targets import Targets, loss_of
from models.machine import device, half_of
from models.training.learner import explained

_LOWER = (
    "Lower detect.batch, `lidarloop settings PROJECT --set detect.batch=1`, and train again: it "
    "begins anew."
)
_RISE, _FIRST, _LAST = 0.4, 10.0, 1e4  # share of the steps; what the rate begins and ends below
_BETAS, _DECAY, _CLIP = (0.95, 0.85), 0.01, 10.0


class Batch(NamedTuple):
    """What a step learns: a few scenes and what the maps should say of them."""

    seen: Pillars
    wanted: Targets


def one_cycle(step: int, steps: int) -> tuple[float, float]:
    """The learning rate, as a share of the highest, and Adam's first beta at a step of a training
    (Smith, 2018): the one rises and falls as the other falls and rises, along half cosines."""
    top = max(1.0, _RISE * steps)
    if step < top:
        return _between(1 / _FIRST, 1.0, step / top), _between(*_BETAS, step / top)
    part = (step - top) / max(1.0, steps - top)
    return _between(1.0, 1 / (_FIRST * _LAST), part), _between(_BETAS[1], _BETAS[0], part)


def _between(first: float, last: float, part: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * part)) / 2


class Learner:
    """A network and its optimiser. `mixed`: products run in the half precision that the machine is
    made for, if in any, and the loss is scaled where that has few exponents; sums, losses and
    weights stay in single."""

    def __init__(self, network: PillarCenter, learning_rate: float, *, mixed: bool) -> None:
        self.where = device()
        self.network = network.to(self.where).train()
        self.learning_rate = learning_rate
        self.optimiser = torch.optim.AdamW(
            network.parameters(), learning_rate, weight_decay=_DECAY, fused=True
        )
        self.half = half_of(self.where) if mixed else None
        self.scaled = self.half == torch.float16
        self.scaler = torch.amp.GradScaler(self.where.type, enabled=self.scaled)

    def state(self) -> dict[str, Tensor]:
        """The loss scale, to go on from; empty where the loss is not scaled."""
        if not self.scaled:
            return {}
        kept = self.scaler.state_dict()
        return {"scaler": torch.tensor([kept["scale"], kept["_growth_tracker"]]).double()}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Take up what `state` gave."""
        if self.scaled and "scaler" in tensors:
            scale, tracker = tensors["scaler"].tolist()
            whole = {**self.scaler.state_dict(), "scale": scale, "_growth_tracker": int(tracker)}
            self.scaler.load_state_dict(whole)

    def learn(self, batch: Batch, step: int, steps: int) -> float | None:
        """Take one step of so many; the loss, None of scenes without two points in view, which
        cannot be normalised. Raises OutOfMemory before the weights change, ProjectError for a loss
        or a gradient that is no number."""
        if len(batch.seen.feature) < 2:
            return None
        with explained(self.network, batch.seen.scenes, _LOWER):
            return self._learn(batch, step, steps)

    def _learn(self, batch: Batch, step: int, steps: int) -> float:
        share, beta = one_cycle(step, steps)
        for group in self.optimiser.param_groups:
            group["lr"], group["betas"] = self.learning_rate * share, (beta, group["betas"][1])
        wanted = batch.wanted.to(self.where)
        self.network.classifier.known[torch.from_numpy(wanted.label).to(self.where)] = True
        with torch.autocast(self.where.type, self.half, enabled=self.half is not None):
            maps = self.network(batch.seen.to(self.where))
        loss = loss_of(maps, wanted, self.network.grid)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise _lost(f"The loss became {value}", step)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        norm = float(torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP))
        if not math.isfinite(norm) and not self.scaled:  # the scaler passes over such a step
            raise _lost("A gradient became infinite", step)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return value


def _lost(what: str, step: int) -> ProjectError:
    return ProjectError(
        f"{what} in step {step + 1} of the detector's training.",
        "Lower detect.learning_rate and train again: it begins anew.",
    )
