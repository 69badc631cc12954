"""How the sensor stands: turned as a person would turn it, guessed where it is not said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import SettingsError
from core.base.settings import load_preset
from core.data.camera import Camera
from core.data.fitted import fitted
from core.data.formats.folder import Folder
from core.data.opening import open_dataset
from core.data.rig import AXES, Rig, canonical
from core.data.scans import Dataset
from core.data.stance import guess_stance
from core.project.project import Project
from tests.rigs import RIGS, before_and_after, cases, scan_of_rig
from tests.streets import small_scan

PAPER = load_preset("paper")


def turn(axis: int, degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    made = np.eye(3)
    a, b = [n for n in range(3) if n != axis]
    made[a, a], made[a, b], made[b, a], made[b, b] = c, -s, s, c
    return made


def test_axes_by_hand():
    """A point 7 m ahead, 2 m to the left, 1 m up, as each convention writes it."""
    written = {
        "as it is": (7, 2, 1),
        "y ahead": (-2, 7, 1),
        "upside down": (7, -2, -1),
        "camera": (-2, -1, 7),
        "opengl": (-2, 1, -7),
        "unity": (-2, 1, 7),
        "carla": (7, -2, 1),
    }
    assert set(written) == set(AXES)
    for name, xyz in written.items():
        points = np.array([[*xyz, 0.5]], np.float32)
        for text in (name, AXES[name][0], " ".join(map(str, Rig(AXES[name][0]).rotation.ravel()))):
            assert Rig(canonical(text)).turned(points).tolist() == [[7, 2, 1, 0.5]]


def test_a_matrix_turns_as_its_product_does():
    rng = np.random.default_rng(3)
    matrix = turn(0, 12) @ turn(1, -31) @ turn(2, 100)
    points = rng.normal(0, 20, (500, 4))
    points[7, 1] = np.inf
    points[8] = np.nan
    rig = Rig(canonical(str(matrix.round(7).tolist())), z_offset_m=-1.5)
    found = rig.turned(points)
    good = np.isfinite(points).all(axis=1)
    wanted = points[:, :3] @ matrix.T + [0, 0, -1.5]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[good, :3], wanted[good], atol=1e-4)
    np.testing.assert_array_equal(found[good, 3], points[good, 3].astype(np.float32))
    assert not np.isfinite(found[~good, :3]).all(axis=1).any()


@pytest.mark.parametrize(
    "axes",
    ["x,y", "x,x,z", "north,east,up", "1 0 0 0 1 0 0 0", "2 0 0 0 1 0 0 0 1", "nan " * 9, ""],
)
def test_axes_that_are_none_are_told(axes: str):
    with pytest.raises(SettingsError, match="axes"):
        canonical(axes)


@pytest.mark.parametrize("box", ["1,2,3", "1,1,1,0,2,2", "a,b,c,d,e,f"])
def test_a_box_that_is_none_is_told(box: str):
    with pytest.raises(SettingsError, match="ego_box"):
        Rig.of(replace(PAPER.rig, ego_box=box))


def test_poses_and_cameras_follow_the_turn():
    """A place has the same coordinates in the sequence, and the same pixel, as before."""

    class Posed(Folder):
        def pose(self, root, scan):
            made = np.eye(4)
            made[:3, :3], made[:3, 3] = turn(2, 40), (5, 6, 7)
            return made

        def camera(self, root, scan):
            projection = np.array([[500.0, 0, 300, 0], [0, 500, 200, 0], [0, 0, 1, 0.1]])
            return Camera(Path("none.png"), projection)

    plain = Dataset(Posed(), Path(), ("a",), ())
    turned = replace(plain, rig=Rig("z,-x,-y", z_offset_m=-1.2))
    points = np.array([[1.0, 2, 9], [-3, 0.5, 12]])
    behind = turned.rig.turned(points).astype(np.float64)

    def placed(dataset: Dataset, xyz: np.ndarray) -> np.ndarray:
        pose = dataset.pose("a")
        assert pose is not None
        return xyz @ pose[:3, :3].T + pose[:3, 3]

    np.testing.assert_allclose(placed(turned, behind), placed(plain, points), atol=1e-5)
    first, second = plain.camera("a"), turned.camera("a")
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(second.pixels(behind)[0], first.pixels(points)[0], atol=1e-3)
    assert turned.ahead == (1.0, 0.0)


@pytest.mark.parametrize("name", RIGS)
def test_the_ground_of_every_rig_is_found(name: str):
    before, after = before_and_after(name)
    assert after.recall >= 0.85
    assert after.wrong < 0.1
    assert after.recall >= before.recall


@pytest.mark.slow
def test_nothing_is_proposed_where_the_preset_fits(semantickitti):
    root = semantickitti / "sequences"
    for file in sorted(root.glob("*/velodyne/*.bin")):
        found = fitted([np.fromfile(file, "<f4").reshape(-1, 4)], PAPER)
        assert found.words == (), file
        assert found.settings == PAPER


@pytest.mark.parametrize("axes", [text for text, _ in AXES.values()])
@pytest.mark.parametrize("height", [0.5, 1.73, 3.0])
def test_up_and_height_are_guessed_in_any_axes(axes: str, height: float):
    points, _ = small_scan(4)
    points[:, 2] += 1.73 - height
    filed = points.copy()
    filed[:, :3] = points[:, :3] @ Rig(axes).rotation  # the inverse of a rotation is its transpose
    found = guess_stance([filed])
    assert found is not None
    assert np.dot(found.up, Rig(axes).rotation[2]) > 0.999
    assert found.height_m == pytest.approx(height, abs=0.05)


@pytest.mark.parametrize("tilt", [turn(1, 15), turn(0, -20) @ turn(1, 30), turn(0, 165)])
def test_a_tilted_sensor_is_set_upright(tilt: np.ndarray):
    points, _ = small_scan(5)
    filed = points.copy()
    filed[:, :3] = points[:, :3] @ tilt.T
    settings = fitted([filed], PAPER).settings
    behind = Rig.of(settings.rig).turned(filed)
    again = guess_stance([behind])
    assert again is not None
    assert again.tilt_deg < 1
    assert again.height_m == pytest.approx(1.73, abs=0.05)


def test_what_is_no_street_is_not_guessed():
    rng = np.random.default_rng(0)
    ball = rng.normal(0, 1, (3000, 3))
    ball *= 5 / np.linalg.norm(ball, axis=1)[:, None]
    assert guess_stance([ball]) is None
    assert guess_stance([np.zeros((0, 4)), np.full((50, 4), np.nan), np.zeros((100, 4))]) is None


@pytest.mark.parametrize(
    ("top", "scale"), [(1.0, 1), (0.2, 1), (255, 255), (90, 255), (1480, 1500), (65535, 66000)]
)
def test_the_range_of_intensities_is_looked_at(top: float, scale: float):
    points, _ = small_scan(1)
    points[:, 3] *= top / points[:, 3].max()
    found = fitted([points], PAPER)
    assert found.settings.prepare.intensity_scale == pytest.approx(scale, rel=0.02)
    assert bool(found.words) == (scale != 1)


def test_what_a_person_gave_stays():
    points, _ = scan_of_rig("low-sensor")
    given = PAPER.override("prepare.sensor_height_m", "1.2", source="--set")
    found = fitted([points], given, {"prepare.sensor_height_m"})
    assert found.settings.prepare.sensor_height_m == 1.2
    assert found.settings.sources["prepare.sensor_height_m"] == "--set"


def test_a_project_keeps_its_guess_and_opens_with_it(tmp_path):
    case = cases() / "camera-axes"
    path = tmp_path / "project"
    Project.create(
        path,
        format="folder",
        root=case / "data",
        train=["."],
        classes=str(case / "yard.toml"),
        guess=True,
    ).close()
    with Project(path) as project:
        assert project.settings.rig.axes == "z,-x,-y"
        assert project.settings.sources["rig.axes"].startswith("guessed")
        points = project.dataset.scan(project.dataset.train[0]).points
    assert np.median(points[np.load(case / "truth.npy") == 1, 2]) == pytest.approx(-1.73, abs=0.1)


def test_a_matrix_may_be_written_as_a_list(tmp_path, small_street):
    path = tmp_path / "project"
    Project.create(path, format="semantickitti", root=small_street, train=["00"]).close()
    file = path / "project.toml"
    text = file.read_text(encoding="utf-8").replace(
        'axes = {value = "x,y,z"', "axes = {value = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]"
    )
    file.write_text(text, encoding="utf-8")
    with Project(path, read_only=True) as project:
        rig = project.dataset.rig
        plain = open_dataset("semantickitti", small_street, ["00"], [])
        scan = plain.train[0]
        ours, theirs = project.dataset.scan(scan).points, plain.scan(scan).points
    assert rig.turns
    np.testing.assert_array_equal(ours[:, 0], -theirs[:, 1])
    np.testing.assert_array_equal(ours[:, 1], theirs[:, 0])
