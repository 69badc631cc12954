"""Checkpoints: whole, or refused in a sentence that says which and what fits."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.base.errors import ProjectError
from core.data.class_rows import ClassRow, to_class_list
from core.data.classes import ClassList
from models.networks import checkpoint, make_network

CLASSES = ("car", "road", "pole")


def class_list(was: dict[str, tuple[str, ...]] | None = None) -> ClassList:
    rows = [
        ClassRow(name, f"#0000{place:02x}", str(place), place, was=(was or {}).get(name, ()))
        for place, name in enumerate(CLASSES, start=1)
    ]
    return to_class_list("mine", rows)


def about(**changes: object) -> checkpoint.About:
    base = checkpoint.About(
        network="minkunet",
        width=0.125,
        voxel_m=0.2,
        classes=CLASSES,
        seed=1,
        epoch=4,
        step=2,
        batch=1,
        torch=torch.__version__,
        threads=1,
        training="abc",
    )
    return replace(base, **changes)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    network = make_network("minkunet", classes=3, width=0.125)
    checkpoint.save(tmp_path / "c.safetensors", network, about())
    return tmp_path / "c.safetensors"


def test_weights_and_origin_come_back(saved: Path):
    tensors, found = checkpoint.read(saved)
    assert found == about()
    torch.manual_seed(1)
    wanted = make_network("minkunet", classes=3, width=0.125).state_dict()
    network = make_network("minkunet", classes=3, width=0.125)
    checkpoint.load_network(network, tensors)
    for name, value in network.state_dict().items():
        assert torch.equal(value, wanted[name])


def test_the_same_network_gives_the_same_bytes(saved: Path):
    torch.manual_seed(1)
    network = make_network("minkunet", classes=3, width=0.125)
    other = saved.with_name("again.safetensors")
    checkpoint.save(other, network, about())
    assert other.read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("keep", [0, 5, 100, 0.5, 0.999])
def test_a_truncated_file_is_named(saved: Path, keep: float):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(keep * len(data)) if keep < 1 else int(keep)])
    with pytest.raises(ProjectError, match=r"c\.safetensors is damaged"):
        checkpoint.read(saved)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ProjectError, match="missing"):
        checkpoint.read(tmp_path / "none.safetensors")


def test_another_programs_file_is_refused(tmp_path: Path):
    path = tmp_path / "other.safetensors"
    header = json.dumps({}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(ProjectError, match="no checkpoint of LidarLoop"):
        checkpoint.read(path)


def test_a_newer_version_is_refused(saved: Path):
    network = make_network("minkunet", classes=3, width=0.125)
    checkpoint.save(saved, network, about(version=99))
    with pytest.raises(ProjectError, match="newer LidarLoop"):
        checkpoint.read(saved)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"network": "spvcnn"}, "another network spvcnn, and the project's is minkunet"),
        ({"width": 0.5}, r"another width 0\.5, and the project's is 0\.125"),
        ({"classes": (*CLASSES, "van")}, "another number of classes 4, and the project's is 3"),
        ({"classes": ("car", "pole", "road")}, "another class list: its class 2 is pole"),
        ({"classes": ("road", "pole")}, "another class list: its class 1 is road"),
    ],
)
def test_what_does_not_fit_is_said(changes: dict[str, object], says: str):
    with pytest.raises(ProjectError, match=says):
        checkpoint.check_fits(
            Path("c.safetensors"),
            about(**changes),
            network="minkunet",
            width=0.125,
            classes=class_list(),
        )


@pytest.mark.parametrize("names", [CLASSES, ("car", "road"), ("car", "street", "pole")])
def test_classes_may_be_added_and_renamed_behind_a_checkpoint(names: tuple[str, ...]):
    list_now = class_list(was={"road": ("street",)})
    checkpoint.check_fits(
        Path("c.safetensors"),
        about(classes=names),
        network="minkunet",
        width=0.125,
        classes=list_now,
    )


def test_a_network_with_more_classes_keeps_what_a_checkpoint_knows(saved: Path):
    tensors, _ = checkpoint.read(saved)
    torch.manual_seed(2)
    network = make_network("minkunet", classes=5, width=0.125)
    fresh = {name: value.clone() for name, value in network.state_dict().items()}
    checkpoint.load_network(network, tensors, known=3)
    grown = []
    for name, value in network.state_dict().items():
        known = tensors[f"model.{name}"]
        if known.shape == value.shape:
            assert torch.equal(value, known)
        else:
            grown.append(name)
            assert torch.equal(value[:3], known)
            assert torch.equal(value[3:], fresh[name][3:])
    assert grown == ["classifier.0.weight", "classifier.0.bias"]
