"""Colours that the file brings: offered where there are any, and drawn as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.data.classes import load_classes
from core.project.project import Project
from tests.gui.driver import Driver, open_window
from tests.streets import small_scan

RED, GREEN = (230, 40, 40), (40, 200, 60)


def write_ply(file: Path, xyz: np.ndarray, rgb: np.ndarray) -> None:
    """A binary .ply as Meshlab and CloudCompare write it."""
    names = "x y z red green blue".split()
    kinds = ["float"] * 3 + ["uchar"] * 3
    properties = [f"property {kind} {name}" for kind, name in zip(kinds, names, strict=True)]
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(xyz)}", *properties]
    rows = np.zeros(
        len(xyz), [(n, "<f4" if k == "float" else "u1") for n, k in zip(names, kinds, strict=True)]
    )
    for place, name in enumerate(names):
        rows[name] = (xyz if place < 3 else rgb)[:, place % 3]
    file.write_bytes("\n".join([*head, "end_header", ""]).encode() + rows.tobytes())


@pytest.fixture
def painted(tmp_path, qtbot):
    points, _ = small_scan(3)
    rgb = np.where(points[:, :1] > 0, RED, GREEN)
    root = tmp_path / "mine"
    root.mkdir()
    write_ply(root / "street.ply", points[:, :3], rgb)
    write_ply(root / "grey.ply", points[:, :3], np.full((len(points), 3), 90))
    Project.create(
        tmp_path / "project", format="folder", root=root, train=(".",), preset="laptop",
        classes=load_classes("semantickitti"),
    ).close()  # fmt: skip
    window = open_window(tmp_path / "project", qtbot)
    driver = Driver(window, qtbot)
    driver.settle()
    yield driver
    window.close()


def test_a_coloured_cloud_is_drawn_in_its_own_colours(painted):
    painted.state.show_scan("street")
    painted.settle()
    inside = painted.session.work.in_view
    assert "colours" in inside.colours.modes()
    inside.colours.set_mode("colours")
    painted.settle()
    view = painted.session.view
    ids, image = view.picker.ids(), view.canvas.render()[..., :3].astype(int)
    red = painted.state.content.points[:, 0] > 0
    for rows, colour in ((red, RED), (~red, GREEN)):
        seen = image[np.isin(ids, np.flatnonzero(rows))]
        assert len(seen) > 200
        assert (np.abs(seen - colour).max(axis=1) < 25).mean() > 0.9


def test_a_cloud_of_one_grey_has_no_colours(painted):
    painted.state.show_scan("grey")
    painted.settle()
    assert "colours" not in painted.session.work.in_view.colours.modes()
