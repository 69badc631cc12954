"""A checkpoint names the convolution it was trained with; training goes on with another."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.base.errors import Cancelled
from core.base.jobs import Job, Progress
from models.networks import checkpoint
from models.sparse import backends
from models.training import train as training
from tests.models.bench import Bench


class Stops(Job):
    """A job that is cancelled at its n-th report; `said` are its sentences."""

    def __init__(self, at: int = 1000) -> None:
        super().__init__()
        self.left, self.sentences = at, list[str]()

    def progress(self, *_: object, **__: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


@pytest.fixture
def use(monkeypatch):
    """Train with the convolution of that name from now on."""
    monkeypatch.setattr(training, "_SAVE_EVERY_S", 0.0)

    def named(name: str) -> None:
        torch_only = backends.first_that_agrees((), torch.device("cpu"))
        found = torch_only if name == "torch" else backends.first_that_agrees(
            (name,), torch.device("cpu")
        )  # fmt: skip
        for module in (backends, training):
            monkeypatch.setattr(module, "choose", lambda _: found)

    return named


@pytest.mark.slow
def test_it_is_named_and_going_on_with_it_ends_at_the_same_bits(bench: Bench, tmp_path: Path, use):
    use("compiled")
    bench.go(tmp_path / "whole" / "c.safetensors")
    whole = (tmp_path / "whole" / "c.safetensors").read_bytes()
    assert checkpoint.read(tmp_path / "whole" / "c.safetensors")[1].backend == "compiled"
    out = tmp_path / "same" / "c.safetensors"
    with pytest.raises(Cancelled):
        bench.go(out, Stops(4))
    job = Stops()
    bench.go(out, job)
    assert out.read_bytes() == whole
    assert not [line for line in job.sentences if "same last bits" in line]


def test_another_one_is_said_once_and_goes_on(bench: Bench, tmp_path: Path, use):
    out, state = tmp_path / "c.safetensors", tmp_path / training.STATE
    use("torch")
    with pytest.raises(Cancelled):
        bench.go(out, Stops(4))
    assert checkpoint.read(state)[1].backend == "torch"
    use("compiled")
    told = Stops(3)  # taken up, and stopped once more
    with pytest.raises(Cancelled):
        bench.go(out, told)
    assert checkpoint.read(state)[1].backend == "torch, then compiled"
    again = Stops()
    bench.go(out, again)
    said = [line for line in (*told.sentences, *again.sentences) if "last bits" in line]
    assert said == [
        "The interrupted training used the convolution torch, here it goes on with compiled: "
        "right, but not to the same last bits."
    ]
    tensors, about = checkpoint.read(out)
    assert about.backend == "torch, then compiled"
    use("torch")
    bench.go(tmp_path / "whole" / "c.safetensors")
    wanted, _ = checkpoint.read(tmp_path / "whole" / "c.safetensors")
    for name, tensor in tensors.items():
        torch.testing.assert_close(tensor, wanted[name], rtol=0.05, atol=2e-3)


def test_a_state_of_an_earlier_version_names_none_and_is_taken_up(
    bench: Bench, tmp_path: Path, use, monkeypatch
):
    use("compiled")
    with pytest.raises(Cancelled):
        bench.go(tmp_path / "c.safetensors", Stops(4))
    state = tmp_path / training.STATE
    data = state.read_bytes()
    named = b', \\"backend\\": \\"compiled\\"'
    old = data.replace(named, b" " * len(named))
    assert len(old) == len(data)
    assert old != data
    state.write_bytes(old)
    assert checkpoint.read(state)[1].backend == ""
    reports: list[Progress] = []
    bench.go(tmp_path / "c.safetensors", Job(reports.append))
    assert not [report for report in reports if "last bits" in report.said]
    assert checkpoint.read(tmp_path / "c.safetensors")[1].backend == "compiled"
