"""Colours of point files: as PCL packs them, apart, of sixteen bits, in shares; and none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.clouds import read, rgb_of
from core.data.clouds.columns import Columns
from tests.core.data.clouds.made_files import pcd

WANTED = np.array([[255, 0, 10], [1, 128, 254]], np.uint8)
PACKED = np.array([0xFF00000A | 0x00FF0000, 0x000180FE], np.uint32)


def of(**columns: np.ndarray) -> np.ndarray | None:
    return rgb_of(Columns(Path("a.pcd"), tuple(columns), tuple(columns.values())))


@pytest.mark.parametrize(
    "columns",
    [
        {"x": np.zeros(2), "rgb": PACKED.view(np.float32)},
        {"rgba": PACKED},
        {"rgb": PACKED.astype(">u4")},
        {"rgb": (PACKED & 0xFFFFFF).view(np.float32).astype(np.float64)},
        {"rgb": PACKED.astype(np.float64)},
        dict(zip(("Red", "green", "BLUE"), WANTED.T, strict=True)),
        dict(zip("bgr", (WANTED[:, ::-1].astype(np.uint16) * 257).T, strict=True)),
        dict(zip("rgb", (WANTED / 255).T, strict=True)),
    ],
    ids=[
        "packed float",
        "packed",
        "big endian",
        "bits in a text",
        "whole in a text",
        "apart",
        "sixteen bits",
        "shares",
    ],
)
def test_colours_are_read_as_they_were_written(columns):
    np.testing.assert_array_equal(of(**columns), WANTED)


@pytest.mark.parametrize("kind", ["F", "U"])
def test_colours_of_an_ascii_pcd(tmp_path: Path, kind: str):
    bits = PACKED & 0xFFFFFF
    told = [f"{v:.9g}" for v in bits.view(np.float32)] if kind == "F" else bits.tolist()
    body = "".join(f"{place} 0 1 {colour}\n" for place, colour in enumerate(told))
    path = tmp_path / "a.pcd"
    types = f"F F F {kind}"
    path.write_bytes(
        pcd("x y z rgb", "4 4 4 4", types, None, body.encode(), data="ascii", points=2)
    )
    np.testing.assert_array_equal(rgb_of(read(path)), WANTED)


def test_without_colours_there_are_none():
    assert of(x=np.zeros(3)) is None
    assert of(red=np.zeros(2), green=np.zeros(2)) is None
    assert of(rgb=np.zeros(4, np.float32)) is None
    assert of(rgb=np.zeros(4)) is None
    assert of(rgb=np.full(4, np.nan)) is None
