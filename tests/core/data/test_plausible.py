"""What a few scans show: each doubt is named, and good scans are not doubted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.base.errors import SettingsError
from core.base.jobs import Job
from core.data.opening import open_dataset
from core.data.plausible import judge, judge_stance
from core.data.reading import Reading, reading_from
from core.data.returns import are_returns
from core.data.rig import Rig
from core.project.project import Project
from tests.streets import small_scan, write_scan

Change = Callable[[np.ndarray], np.ndarray]


def judged(root: Path, change: Change, *, wide: bool = False, **said):
    """The judgement of three scans of a street that was changed, as .npy."""
    root.mkdir(exist_ok=True)
    for number in range(3):
        points = change(small_scan(number)[0].astype(np.float64))
        np.save(root / f"{number}.npy", points if wide else points.astype(np.float32))
    return judge(open_dataset("folder", root, ["."], [], reading=Reading(**said)))


def moved(*by: float) -> Change:
    return lambda points: np.add(points, np.resize([*by, 0, 0], points.shape[1]))


def times(factor: float) -> Change:
    return lambda points: points * [factor, factor, factor, 1]


def to_degrees(points: np.ndarray) -> np.ndarray:
    return points * [1e-5, 1e-5, 1, 1] + [13.4, 52.5, 30, 0]


def flat(points: np.ndarray) -> np.ndarray:
    return points * [1, 1, 0, 1]


def test_a_street_is_not_doubted(tmp_path: Path):
    found = judged(tmp_path / "a", lambda points: points)
    assert (found.notes, found.refused, found.origin) == ((), None, (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("change", "wide", "says", "do", "refused"),
    [
        (times(3000), False, "millimetres", "--unit mm", True),
        (times(100), False, "centimetres or millimetres", "--unit cm", False),
        (times(0.01), False, "kilometres", "--unit km", False),
        (times(0.001), False, "No row", "--unit km", True),
        (moved(389123, 5819456, 34), False, "float32", "double precision", True),
        (moved(389123, 5819456, 34), True, "UTM", "origin", False),
        (moved(3000, 4000), True, "far from their origin", "origin", False),
        (to_degrees, True, "longitude and latitude", "Project the scans", True),
        (flat, False, "the same z", "one plane", False),
    ],
)
def test_each_doubt_is_named_with_its_mend(
    tmp_path: Path, change: Change, wide: bool, says: str, do: str, refused: bool
):
    found = judged(tmp_path / "a", change, wide=wide)
    assert (found.refused is not None) == refused
    error = found.refused
    told = f"{error.what} {error.do}" if error is not None else " ".join(found.notes)
    assert says in told
    assert do in told


def test_what_a_person_said_of_the_unit_is_not_doubted(tmp_path: Path):
    found = judged(tmp_path / "a", times(3000), unit="m")
    assert (found.refused, found.notes) == (None, ())


@pytest.mark.parametrize(
    ("axes", "says"),
    [("x,-y,-z", "y right, z down"), ("-y,-z,x", "z ahead"), ("tilted", "tilted by 25")],
)
def test_where_z_is_not_up_it_is_told_with_the_axes_that_mend_it(
    tmp_path: Path, simulated, axes: str, says: str
):
    c, s = np.cos(np.radians(25)), np.sin(np.radians(25))
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) if axes == "tilted" else Rig(axes).rotation
    upright = open_dataset("semantickitti", simulated.root, ["00"], [])
    assert judge_stance(upright) == ()
    for scan in upright.train:
        points = upright.scan(scan).points.copy()
        points[:, :3] = points[:, :3] @ turn.T
        write_scan(tmp_path, scan, points, None)
    turned = open_dataset("semantickitti", tmp_path, ["00"], [])
    (told,) = judge_stance(turned)
    assert says in told
    mend = told.split('--axes "')[1].split('"')[0]
    assert judge_stance(open_dataset("semantickitti", tmp_path, ["00"], [], rig=Rig(mend))) == ()


def test_which_rows_are_returns():
    points = np.zeros((200, 4))
    points[:, 0] = np.linspace(5, 80, 200)
    points[0, :3] = 0
    points[1, :3] = [0.02, -0.03, 0.01]
    points[2, :3] = [0.1, 0, 0]
    points[3, :3] = [np.nan, 1, 1]
    points[4, :3] = [1, np.inf, 1]
    points[5, :3] = [1e9, 0, 0]
    points[6, :3] = [1500, 0, 0]  # far, but a sensor may see it
    points[7, :3] = [0, 1e30, 0]
    for found in (points, points.astype(np.float32)):
        lost = np.flatnonzero(~are_returns(found))
        assert lost.tolist() == [0, 1, 3, 4, 5, 7]
    millimetres = points * [1000, 1000, 1000, 1]
    assert np.flatnonzero(~are_returns(millimetres, 0.001)).tolist() == [0, 1, 3, 4, 5, 7]


def test_what_was_said_is_kept_and_checked():
    said = Reading(("x", "y", "z", "_", "ring:u2"), "mm", (1.5, -2.0, 0.0))
    assert reading_from(said.content()) == said
    assert reading_from({}) == Reading()
    assert Reading().content() == {} == Reading(unit="m").changes()
    for wrong in (
        {"columns": "x"},
        {"columns": ["x", "y"]},
        {"columns": ["x", "y", "z", "x"]},
        {"columns": ["x", "y", "z:float7"]},
        {"unit": "parsec"},
        {"unit": 3},
        {"origin": [1, 2]},
        {"origin": [1, 2, "3"]},
    ):
        with pytest.raises(SettingsError):
            reading_from(wrong)


def test_a_clean_project_keeps_the_name_of_its_preparation(small_street: Path, tmp_path: Path):
    """What was prepared before stays what it is; where rows are no returns, it is another."""
    with Project.create(
        tmp_path / "p", format="semantickitti", root=small_street, train=["00"], preset="laptop"
    ) as project:
        steps.prepare(project, Job(), workers=1)
        first = project.need_units()
        assert (first.scan_returns == first.scan_rows).all()
        assert (
            "scan_returns"
            not in np.load(project.units_folder / first.fingerprint / "units.npz").files
        )
        file = project.dataset.path(project.dataset.train[0])
        points = np.fromfile(file, "<f4").reshape(-1, 4)
        points[:7, :3] = 0
        points.tofile(file)
        steps.prepare(project, Job(), workers=1)
        second = project.need_units()
        assert second.fingerprint != first.fingerprint
        assert (second.scan_rows - second.scan_returns).tolist() == [7, 0, 0]
    with Project(tmp_path / "p") as project:
        again = project.need_units()
        np.testing.assert_array_equal(again.scan_returns, second.scan_returns)
    kept = tmp_path / "p/units" / second.fingerprint / "checked.json"
    assert json.loads(kept.read_text())["no_returns"] == 7


@pytest.mark.parametrize("broken", ["0", "1", "2"])
def test_one_broken_file_with_columns_of_its_own_is_told_and_left_out(tmp_path: Path, broken: str):
    judged(tmp_path / "a", lambda points: points)
    file = tmp_path / f"a/{broken}.npy"
    file.write_bytes(file.read_bytes()[:-9])
    found = judge(open_dataset("folder", tmp_path / "a", ["."], []))
    assert found.refused is None
    (said,) = (note for note in found.notes if "left out" in note)
    assert f"{broken}.npy is cut short" in said
