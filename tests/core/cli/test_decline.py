"""A frame that cannot be labelled is declined on the command line, so that its round ends."""

from __future__ import annotations

from pathlib import Path

from core.base.jobs import Job
from core.frame_steps import ask_frames
from core.project.project import Project
from tests.core.cli.faces import lidarloop
from tests.core.project.frame_world import opened


def test_a_frame_that_is_gone_is_declined_on_the_command_line(tmp_path: Path, capsys):
    path, boxes = tmp_path / "project", ("--task", "boxes")
    with opened(tmp_path) as project:
        first, second = ask_frames(project, Job(), frames=2).query.items
        file = project.dataset.path(first)
    file.unlink()
    assert lidarloop("annotate", path, *boxes, "--oracle", "boxes") == 2
    assert lidarloop("query", path, *boxes, "--frames", 1) == 2
    assert "`lidarloop annotate --task boxes --decline FRAME`" in capsys.readouterr().err
    assert lidarloop("annotate", path, "--decline", first) == 2
    assert "Add --task boxes" in capsys.readouterr().err
    assert lidarloop("annotate", path, *boxes, "--decline", "nowhere") == 2
    assert f"Open are {first}, {second}." in capsys.readouterr().err
    assert lidarloop("annotate", path, *boxes, "--decline", first) == 0
    assert capsys.readouterr().out == f"{first} is asked no more\n"
    assert lidarloop("annotate", path, *boxes, "--decline", first) == 2
    assert lidarloop("annotate", path, *boxes, "--oracle", "boxes") == 0
    assert lidarloop("query", path, *boxes, "--frames", 1) == 0
    with Project(path) as project:
        assert project.boxes.finished == {second}
        assert not {first, second} & {*project.frame_rounds[-1].query.items}
