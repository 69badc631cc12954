"""Names as recorders give them, folders as they come, through the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.data.recognise import recognise
from core.project.project import Project
from tests.commands import CommandLine, case


@pytest.fixture
def lidarloop(capsys) -> CommandLine:
    return CommandLine(capsys)


def scans(path: Path) -> tuple[str, ...]:
    with Project(path) as project:
        for scan in project.dataset.train:
            assert len(project.dataset.scan(scan).points) > 100
        return project.dataset.train


def test_frames_are_in_the_order_in_which_people_count(lidarloop, tmp_path: Path):
    data = case("frame-order")
    assert lidarloop.new(tmp_path / "all", data, ".").code == 0
    assert scans(tmp_path / "all") == ("1", "2", "10", "11")
    assert lidarloop.new(tmp_path / "some", data, ".:1-10", "--val", ".:11").code == 0
    assert scans(tmp_path / "some") == ("1", "2", "10")


def test_sequences_with_colons_and_commas_can_be_named(lidarloop, tmp_path: Path):
    data = case("names-with-colon-comma")
    said = lidarloop.new(tmp_path / "p", data, "2024-03-05T12:30:00,run 1, north")
    assert said.code == 0
    assert scans(tmp_path / "p") == (
        "2024-03-05T12:30:00/1709641800.023456",
        "2024-03-05T12:30:00/1709641800.123456",
        "run 1, north/1709641800.023456",
        "run 1, north/1709641800.123456",
    )
    span = "2024-03-05T12:30:00:1709641800.1-1709641801"
    assert lidarloop.new(tmp_path / "span", data, span, "--val", '"run 1, north"').code == 0
    assert scans(tmp_path / "span") == ("2024-03-05T12:30:00/1709641800.123456",)


def test_names_beyond_ascii(lidarloop, tmp_path: Path):
    data = case("names-nonascii")
    assert lidarloop.new(tmp_path / "p", data, "Straße 東京 α").code == 0
    assert scans(tmp_path / "p") == ("Straße 東京 α/scan 0", "Straße 東京 α/scan 1")
    assert lidarloop.new(tmp_path / "linked", data, "linked").code == 0
    assert len(scans(tmp_path / "linked")) == 2


def test_names_that_differ_by_a_slash_have_units_of_their_own(lidarloop, tmp_path: Path):
    assert lidarloop.new(tmp_path / "p", case("names-collide"), "a,a__b").code == 0
    assert lidarloop("prepare", tmp_path / "p", "--workers", 1).code == 0
    with Project(tmp_path / "p") as project:
        first, second = (project.rows(scan) for scan in project.dataset.train)
        assert [len(first), len(second)] == [project.count(s) for s in ("a/b__c", "a__b/c")]


def test_files_of_a_mac_are_no_scans(lidarloop, tmp_path: Path):
    data = case("mac-dotfiles")
    assert lidarloop.new(tmp_path / "plain", data, "plain").code == 0
    assert scans(tmp_path / "plain") == ("plain/000000", "plain/000001")
    assert lidarloop.new(tmp_path / "kitti", data, "00", format="semantickitti").code == 0
    assert [scan[-2:] for scan in scans(tmp_path / "kitti")] == ["00", "01"]
    found = recognise(data)
    assert found is not None
    assert (found.format, found.scans) == ("semantickitti", 2)


def test_suffixes_in_capitals(lidarloop, tmp_path: Path):
    assert lidarloop.new(tmp_path / "p", case("upper-case-suffix"), ".").code == 0
    assert scans(tmp_path / "p") == ("SCAN", "SCAN2")


def test_capitals_in_semantickitti(lidarloop, tmp_path: Path):
    data = tmp_path / "data"
    shutil.copytree(case("calib-crlf-bom"), data)
    for file in (*data.rglob("*.bin"), *data.rglob("*.label")):
        file.rename(file.with_suffix(file.suffix.upper()))
    assert lidarloop.new(tmp_path / "p", data, "00", format="semantickitti").code == 0
    assert len(scans(tmp_path / "p")) == 2
    with Project(tmp_path / "p") as project:
        assert project.dataset.has_labels(project.dataset.train[0])
        assert project.dataset.ground_truth(project.dataset.train[0], project.classes) is not None


def test_an_empty_sequence_stops_nothing(lidarloop, tmp_path: Path):
    data = tmp_path / "data"
    shutil.copytree(case("empty-sequence"), data)
    (data / "sequences/03/velodyne").mkdir(parents=True, exist_ok=True)
    said = lidarloop.new(tmp_path / "p", data, "00,03", "--val", "08", format="semantickitti")
    assert said.code == 0
    assert "Sequence 03" in said.told
    assert "is empty" in said.told
    assert len(scans(tmp_path / "p")) == 2
    assert lidarloop.new(tmp_path / "q", data, "03", format="semantickitti").code == 2
    found = recognise(data)
    assert found is not None
    assert (found.sequences, found.scans, found.labelled) == (("00", "08", "11"), 6, 4)


def test_labels_beside_scans_are_no_scans(lidarloop, tmp_path: Path):
    data = case("labels-beside-scans")
    found = recognise(data)
    assert found is not None
    assert (found.sequences, found.scans) == (("velodyne",), 2)
    assert lidarloop.new(tmp_path / "p", data, "velodyne").code == 0


def test_scans_deep_below_the_chosen_folder_are_found(lidarloop, tmp_path: Path):
    data = case("kitti-raw-tree")
    found = recognise(data)
    assert found is not None
    assert found.scans == 2
    said = lidarloop.new(tmp_path / "p", data, ".")
    assert (said.code, "velodyne_points" in said.told) == (2, True)
