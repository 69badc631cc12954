"""Published checkpoints load; what does not fit is named; no code of theirs runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.base.errors import ProjectError
from models.networks import checkpoint, make_network
from models.networks.published import read_published
from tests.models.bench import Bench


def network(name: str = "minkunet", classes: int = 4, width: float = 0.125):
    torch.manual_seed(2)
    return make_network(name, classes=classes, width=width)


def spvnas_minkunet(width: float, classes: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of spvnas' MinkUNet as its source states them, without our classes."""
    cs = [int(width * c) for c in (32, 32, 64, 128, 256, 256, 128, 96, 96)]
    shapes: dict[str, tuple[int, ...]] = {}

    def norm(prefix: str, size: int) -> None:
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{prefix}.{name}"] = (size,)
        shapes[f"{prefix}.num_batches_tracked"] = ()

    def conv(prefix: str, inputs: int, outputs: int, offsets: int) -> None:
        shapes[f"{prefix}.kernel"] = (offsets, inputs, outputs)[offsets == 1 :]

    def residual(prefix: str, inputs: int, outputs: int) -> None:
        conv(f"{prefix}.net.0", inputs, outputs, 27)
        norm(f"{prefix}.net.1", outputs)
        conv(f"{prefix}.net.3", outputs, outputs, 27)
        norm(f"{prefix}.net.4", outputs)
        if inputs != outputs:
            conv(f"{prefix}.downsample.0", inputs, outputs, 1)
            norm(f"{prefix}.downsample.1", outputs)

    conv("stem.0", 4, cs[0], 27)
    norm("stem.1", cs[0])
    conv("stem.3", cs[0], cs[0], 27)
    norm("stem.4", cs[0])
    for i in range(1, 5):
        conv(f"stage{i}.0.net.0", cs[i - 1], cs[i - 1], 8)
        norm(f"stage{i}.0.net.1", cs[i - 1])
        residual(f"stage{i}.1", cs[i - 1], cs[i])
        residual(f"stage{i}.2", cs[i], cs[i])
        conv(f"up{i}.0.net.0", cs[3 + i], cs[4 + i], 8)
        norm(f"up{i}.0.net.1", cs[4 + i])
        residual(f"up{i}.1.0", cs[4 + i] + cs[4 - i], cs[4 + i])
        residual(f"up{i}.1.1", cs[4 + i], cs[4 + i])
    shapes["classifier.0.weight"] = (classes, cs[8])
    shapes["classifier.0.bias"] = (classes,)
    return shapes


def point_branch(width: float) -> dict[str, tuple[int, ...]]:
    cs = [int(width * c) for c in (32, 32, 64, 128, 256, 256, 128, 96, 96)]
    shapes: dict[str, tuple[int, ...]] = {}
    for k, (a, b) in enumerate(((cs[0], cs[4]), (cs[4], cs[6]), (cs[6], cs[8]))):
        prefix = f"point_transforms.{k}"
        shapes[f"{prefix}.0.weight"], shapes[f"{prefix}.0.bias"] = (b, a), (b,)
        for name in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{prefix}.1.{name}"] = (b,)
        shapes[f"{prefix}.1.num_batches_tracked"] = ()
    return shapes


@pytest.mark.parametrize("width", [1.0, 0.5, 0.64])
@pytest.mark.parametrize("name", ["minkunet", "spvcnn"])
def test_names_and_shapes_are_the_published_ones(name: str, width: float):
    with torch.device("meta"):
        ours = {k: tuple(v.shape) for k, v in network(name, 19, width).state_dict().items()}
    wanted = spvnas_minkunet(width, 19)
    if name == "spvcnn":
        wanted |= point_branch(width)
    assert ours == wanted


@pytest.mark.parametrize("container", ["model", "model_state_dict", None])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("name", ["minkunet", "spvcnn"])
def test_every_container_is_read(container, prefix: str, name: str, tmp_path: Path):
    source = network(name)
    state = {f"{prefix}{key}": value for key, value in source.state_dict().items()}
    if name == "minkunet":  # spvnas keeps an unused branch there
        state[f"{prefix}point_transforms.0.0.weight"] = torch.zeros(3, 3)
    torch.save({container: state, "iteration": 7} if container else state, tmp_path / "c.pt")
    torch.manual_seed(9)
    target = make_network(name, classes=4, width=0.125)
    target.load_state_dict(read_published(tmp_path / "c.pt", target))
    for key, value in target.state_dict().items():
        assert torch.equal(value, source.state_dict()[key])


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        (network(width=0.25).state_dict(), r"stem\.0\.kernel of shape \(27, 4, 8\)"),
        (network(classes=7).state_dict(), r"classifier\.0\.weight of shape \(7, 12\)"),
        ({"fc.weight": torch.zeros(2, 2)}, r"another network: it has no stem\.0\.kernel and lacks"),
        ([1, 2], "no state dict"),
    ],
)
def test_what_does_not_fit_is_named(stored, says: str, tmp_path: Path):
    torch.save(stored, tmp_path / "c.pt")
    with pytest.raises(ProjectError, match=says):
        read_published(tmp_path / "c.pt", network())


class Evil:
    def __reduce__(self):
        return (open, ("owned", "w"))


@pytest.mark.parametrize("content", ["code", b"", b"not a checkpoint"])
def test_a_file_that_is_unsafe_or_damaged_is_refused(content, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if content == "code":
        torch.save({"model": Evil()}, "c.pt")
    else:
        Path("c.pt").write_bytes(content)
    with pytest.raises(ProjectError, match="read safely"):
        read_published(Path("c.pt"), network())
    assert not Path("owned").exists()


@pytest.mark.slow
def test_a_round_starts_from_a_published_checkpoint(bench: Bench, tmp_path: Path):
    source = network(classes=len(bench.classes))
    torch.save({"model": source.state_dict()}, tmp_path / "c.pt")
    still = replace(bench, settings=replace(bench.settings, learning_rate=1e-8, epochs=1))
    still.go(tmp_path / "1" / "c.safetensors", start=tmp_path / "c.pt")
    after, _ = checkpoint.read(tmp_path / "1" / "c.safetensors")
    torch.testing.assert_close(
        after["model.classifier.0.weight"],
        source.state_dict()["classifier.0.weight"],
        rtol=0,
        atol=1e-6,
    )
