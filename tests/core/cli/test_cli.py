"""The command line: one sentence for a mistake, one object for a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli import verbs as cli
from tests.streets import small_project


class Faces:
    """Stands in for main.py: no network, no window."""

    class network:
        backend = staticmethod(lambda: "torch")

    class window:
        opened: list[Path | None] = []  # noqa: RUF012

        @classmethod
        def run(cls, project: Path | None) -> int:
            cls.opened.append(project)
            return 0


def lidarloop(*argv: object) -> int:
    return cli.run([str(word) for word in argv], Faces())


@pytest.fixture
def street(tmp_path: Path, small_street: Path) -> Path:
    path = tmp_path / "street"
    assert (
        lidarloop(
            "new",
            path,
            "--format",
            "semantickitti",
            "--root",
            small_street,
            "--train",
            "00",
            "--val",
            "08",
            "--research",
            "--set",
            "query.fraction=0.2",
            "--set",
            "train.epochs=2",
        )
        == 0
    )
    return path


def test_the_status_object_has_every_promised_key(street: Path, capsys):
    assert lidarloop("prepare", street, "--workers", 1) == 0
    assert lidarloop("query", street) == 0
    assert lidarloop("annotate", street, "--oracle", "majority") == 0
    capsys.readouterr()
    assert lidarloop("status", street, "--json") == 0
    value = json.loads(capsys.readouterr().out)
    assert value["scans"] == {"train": 3, "validation": 1}
    assert value["points"] == {"train": 3 * (4000 + 8 * 120)}
    assert set(value["units"]) == {
        "clusters",
        "cells",
        "oversize",
        "oversize_points",
        "noise_points",
    }
    assert value["partitions"][-1]["name"] == "ground"
    shares = [row["api_share"] for row in value["partitions"][:-1]]
    assert sum(shares) == pytest.approx(1)
    assert sum(row["units"] for row in value["partitions"]) == (
        value["units"]["clusters"] + value["units"]["cells"]
    )
    (found,) = value["rounds"]
    assert found["id"] == "001-size"
    assert found["stage"] == "answered"
    assert found["asked"]["items"] == found["answered"]["items"] > 0
    assert found["asked"]["points"] == found["answered"]["points"] == value["spent"]["points"]
    assert found["miou"] is None
    assert found["iou"]["car"] is None
    assert value["backend"] == "torch"


def test_the_table_shows_a_dash_for_an_unknown_miou(street: Path, capsys):
    lidarloop("prepare", street, "--workers", 1)
    lidarloop("query", street)
    capsys.readouterr()
    lidarloop("status", street)
    line = next(line for line in capsys.readouterr().out.splitlines() if "001-size" in line)
    assert line.split()[-1] == "–"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["prepare", "nowhere"], "no LidarLoop project"),
        (["query", "{street}"], "not prepared"),
        (["annotate", "{street}", "--oracle", "majority"], "not prepared"),
        (["export", "{street}", "{street}-out", "--what", "merged"], "no predictions"),
        (["train"], "needs a project"),
        (["train", "--round", "{street}"], "no round"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(street: Path, capsys, argv, says):
    capsys.readouterr()
    assert lidarloop(*(word.format(street=street) for word in argv)) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) == 1


def test_an_unknown_setting_names_the_nearest(tmp_path: Path, small_street: Path, capsys):
    code = lidarloop(
        "new",
        tmp_path / "p",
        "--format",
        "semantickitti",
        "--root",
        small_street,
        "--train",
        "00",
        "--set",
        "train.epoch=2",
    )
    assert code == 2
    assert "train.epochs" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_every_verb_helps_with_an_example(capsys):
    with pytest.raises(SystemExit):
        lidarloop("--help")
    verbs = [
        line.split()[0]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("    ") and not line.startswith("     ")
    ]
    assert len(verbs) >= 14
    for verb in verbs[1:] if verbs[0] == "VERB" else verbs:
        with pytest.raises(SystemExit) as stop:
            lidarloop(verb, "--help")
        assert stop.value.code == 0
        assert "example: lidarloop" in capsys.readouterr().out


def test_no_verb_opens_the_start_page(street: Path):
    Faces.window.opened.clear()
    assert lidarloop() == 0
    assert lidarloop("open", street) == 0
    assert Faces.window.opened == [None, street]


def test_what_is_odd_in_the_project_file_is_told_before_a_step(
    tmp_path: Path, small_street: Path, capsys
):
    """A setting that was mistyped is not used: that must be seen where it matters."""
    path = tmp_path / "p"
    small_project(path, small_street).close()
    file = path / "project.toml"
    file.write_text(file.read_text().replace("\nepochs = ", "\nepoch = "))
    assert lidarloop("prepare", path, "--workers", "1") == 0
    told = capsys.readouterr().err
    assert "lidarloop: " in told
    assert "train.epoch" in told
