"""Poses computed from the scans: right, told where they are not, kept in the project alone."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import steps
from core.assist.surroundings import surroundings
from core.base.errors import Cancelled, DataError
from core.base.jobs import Job, Progress
from core.data.odometry import Odometry
from core.data.opening import open_dataset
from core.data.own_poses import OwnPoses, write_own
from core.project.pool import pool_of
from core.project.poses import compute, sources
from core.project.project import Project
from core.project.status import status, table
from tests.core.cli.faces import lidarloop
from tests.journeys import write_journey
from tests.places import SAMPLES
from tests.streets import small_project, small_street_at

pytest.importorskip("kiss_icp")
NAME = "sequences/{}/velodyne"


def journey(path: Path, root: Path, train: tuple[str, ...] = ("00",), **more: str) -> Project:
    return Project.create(
        path, format="semantickitti", root=root, train=train, preset="laptop", overrides=more
    )


def off(found: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Metres and degrees between two motions (4, 4)."""
    rest = np.linalg.inv(truth) @ found
    cosine = np.clip((np.trace(rest[:3, :3]) - 1) / 2, -1, 1)
    return float(np.linalg.norm(rest[:3, 3])), float(np.degrees(np.arccos(cosine)))


@pytest.mark.parametrize("rig", [{}, {"rig.axes": "y,-x,z", "rig.z_offset_m": "-1"}])
def test_a_known_journey_is_found_again(tmp_path: Path, rig: dict[str, str]):
    truth = write_journey(tmp_path / "scans", "00", 10)
    before = sorted(p for p in (tmp_path / "scans").rglob("*"))
    with journey(tmp_path / "p", tmp_path / "scans", **rig) as project:
        assert compute(project, Job()) == [f"{NAME.format('00')}: 10 of 10 scans have a pose now."]
        scans = project.dataset.train
        turn = project.dataset._back  # truth is of the files' coordinates
        for first, second in ((0, 1), (3, 5), (0, 9)):
            move = project.dataset.move(scans[second], scans[first])
            assert move is not None
            wanted = np.linalg.inv(turn) @ np.linalg.inv(truth[first]) @ truth[second] @ turn
            metres, degrees = off(move, wanted)
            assert metres < 0.05 * (1 + second - first) ** 0.5
            assert degrees < 0.5
        around = surroundings(project, scans[4], 2)
        assert len(around.points) > 10_000
    assert sorted(p for p in (tmp_path / "scans").rglob("*")) == before


def test_another_rig_later_needs_no_other_poses(tmp_path: Path):
    write_journey(tmp_path / "scans", "00", 4)
    with journey(tmp_path / "p", tmp_path / "scans") as project:
        compute(project, Job())
        plain = project.dataset.pose(project.dataset.train[3])
        turned = open_dataset("semantickitti", tmp_path / "scans", ["00"], []).rig
        assert turned is not None
    toml = tmp_path / "p/project.toml"
    text = toml.read_text()
    at = text.index("z_offset_m")
    toml.write_text(text[:at] + text[at:].replace("0.0", "2.0", 1))
    with Project(tmp_path / "p") as project:
        assert project.settings.rig.z_offset_m == 2.0
        moved = project.dataset.pose(project.dataset.train[3])
    assert plain is not None
    assert moved is not None
    assert np.allclose(moved[:3, 3], plain[:3, 3] - 2 * plain[:3, 2])


def test_a_jump_is_told_and_nothing_is_shown_across_it(tmp_path: Path):
    write_journey(tmp_path / "scans", "00", 9, breaks=(4, 8))
    with journey(tmp_path / "p", tmp_path / "scans") as project:
        told = compute(project, Job())
        name, scans = NAME.format("00"), project.dataset.train
        assert told == [
            f"{name}: 8 of 9 scans have a pose now.",
            f"{name}: {scans[4]}, {scans[8]} could not be fitted to the scan before: what lies "
            "behind is a piece of its own, 2 in all, and not shown with what lies before.",
        ]
        dataset = project.dataset
        assert dataset.move(scans[2], scans[3]) is not None
        assert dataset.move(scans[3], scans[4]) is None
        assert dataset.move(scans[4], scans[7]) is not None
        assert dataset.pose(scans[8]) is None
        across = surroundings(project, scans[4], 1)
        alone = len(dataset.scan(scans[5]).points)
        assert len(across.points) == alone
        with pytest.raises(DataError, match="it has no pose"):
            surroundings(project, scans[8], 1)
        (source,) = sources(project)
        assert (source.placed, source.pieces) == (8, 2)
        assert "8 of 9 scans in 2 pieces" in table(status(project, backend="torch"))


def test_centres_of_two_pieces_are_told_apart(tmp_path: Path):
    """As strategies see them; a scan without a pose leaves all without."""
    small_street_at(tmp_path / "scans")
    with small_project(tmp_path / "p", tmp_path / "scans") as project:
        steps.prepare(project, Job(), workers=1)
        scans, folder = project.dataset.train, project.dataset.own_poses
        assert folder is not None
        assert "centre" not in pool_of(project, None).columns
        poses = np.tile(np.eye(4), (3, 1, 1))
        poses[1, 0, 3] = 7
        own = OwnPoses("", scans, poses, np.array([0, 0, 1]))
        write_own(folder, NAME.format("00"), own)
        pool = pool_of(project, None)
        assert pool.coordinates == [0, 0, 1]
        units = project.need_units()
        middle = (units.box_min.astype(float) + units.box_max) / 2
        middle[units.scan == 1, 0] += 7
        np.testing.assert_allclose(pool.columns["centre"], middle)
        write_own(folder, NAME.format("00"), replace(own, pieces=np.array([0, 0, -1])))
        assert "centre" not in pool_of(project, None).columns


def test_what_the_data_say_counts_and_is_never_written(tmp_path: Path):
    root = tmp_path / "scans"
    write_journey(root, "00", 3)
    write_journey(root, "01", 3, seed=1)
    lines = "\n".join(f"1 0 0 {step} 0 1 0 0 0 0 1 0" for step in range(3)) + "\n"
    (root / "sequences/01/poses.txt").write_text(lines)
    with journey(tmp_path / "p", root, ("00", "01")) as project:
        told = compute(project, Job())
        assert told[0] == f"{NAME.format('01')}: its poses are those of poses.txt."
        assert project.dataset.pose(project.dataset.train[5])[0, 3] == 2
        said = [(source.sequence[10:12], source.words[:8]) for source in sources(project)]
        assert said == [("00", "kiss-icp"), ("01", "poses.tx")]
        made = sorted(p.name for p in (tmp_path / "p/poses").rglob("*.json"))
        assert made == ["velodyne.json"]
    assert (root / "sequences/01/poses.txt").read_text() == lines


def test_stopped_half_way_it_keeps_whole_sequences_and_goes_on_with_the_rest(tmp_path: Path):
    root = tmp_path / "scans"
    for number in range(2):
        write_journey(root, f"0{number}", 3, seed=number)
    seen: list[int] = []

    def stop(report: Progress) -> None:
        seen.append(report.done)
        if report.done == 4:
            job.cancel()

    job = Job(stop, interval_s=0)
    with journey(tmp_path / "p", root, ("00", "01")) as project:
        with pytest.raises(Cancelled):
            compute(project, job)
        assert seen == [0, 1, 2, 3, 4]
        assert [source.placed for source in sources(project)] == [3, 0]
        told = compute(project, Job())
        assert told[0] == f"{NAME.format('00')}: computed before."
        assert [source.placed for source in sources(project)] == [3, 3]


def test_a_scan_that_cannot_be_read_or_is_nearly_empty_has_none(tmp_path: Path):
    root = tmp_path / "scans"
    write_journey(root, "00", 6)
    folder = root / NAME.format("00")
    (folder / "000002.bin").write_bytes(b"123")
    np.ones((20, 4), "<f4").tofile(folder / "000003.bin")
    with journey(tmp_path / "p", root) as project:
        told = compute(project, Job())
        scans = project.dataset.train
        assert told[0].endswith("4 of 6 scans have a pose now.")
        assert told[1].endswith(
            f"{scans[2]}, {scans[3]} cannot be read or has too few points: no pose."
        )
        assert project.dataset.move(scans[4], scans[1]) is not None


def test_a_damaged_file_is_told_and_computed_again(tmp_path: Path):
    write_journey(tmp_path / "scans", "00", 3)
    with journey(tmp_path / "p", tmp_path / "scans") as project:
        compute(project, Job())
        file = tmp_path / "p/poses/sequences/00/velodyne.json"
        value = json.loads(file.read_text())
        for wrong in ("{", json.dumps({**value, "pieces": [0]}), file.read_text()[:300]):
            file.write_text(wrong)
            assert project.dataset.pose(project.dataset.train[1]) is None
            assert "poses from nowhere: " in table(status(project, backend="torch"))
        compute(project, Job())
        assert project.dataset.pose(project.dataset.train[1]) is not None


def test_the_command_line(tmp_path: Path, capsys, monkeypatch):
    write_journey(tmp_path / "scans", "00", 3)
    journey(tmp_path / "p", tmp_path / "scans").close()
    with Project(tmp_path / "p") as project, pytest.raises(DataError) as error:
        surroundings(project, project.dataset.train[0], 2)
    assert f"`lidarloop poses {tmp_path / 'p'}`" in error.value.do
    assert lidarloop("status", tmp_path / "p") == 0
    assert "no poses: sequences/00/velodyne (`lidarloop poses` computes them)" in (
        capsys.readouterr().out
    )
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "kiss_icp.kiss_icp", None)
        assert lidarloop("poses", tmp_path / "p") == 2
        assert 'pip install "lidarloop[odometry]"' in capsys.readouterr().err
    assert lidarloop("poses", tmp_path / "p") == 0
    assert "3 of 3 scans have a pose now" in capsys.readouterr().out
    assert lidarloop("status", tmp_path / "p", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["poses"]
    assert (row["from"][:8], row["scans"], row["placed"], row["pieces"]) == ("kiss-icp", 3, 3, 1)


@pytest.mark.skipif(not (SAMPLES / "semantickitti").is_dir(), reason="no real scans are here")
def test_on_real_scans_it_is_within_centimetres_of_their_poses():
    dataset = open_dataset("semantickitti", SAMPLES / "semantickitti", ["00"], [])
    scans = dataset.train
    points = [dataset.scan(scan).points[:, :3].astype(np.float64) for scan in scans]
    points = [xyz[np.isfinite(xyz).all(axis=1)] for xyz in points]
    odometry = Odometry(points[:3])
    poses = [odometry.add(xyz) for xyz in points]
    for at in range(1, len(scans)):
        truth = dataset.move(scans[at], scans[at - 1])
        assert truth is not None
        metres, degrees = off(np.linalg.inv(poses[at - 1]) @ poses[at], truth)
        assert metres < 0.06
        assert degrees < 0.2
    assert odometry.piece == 0
