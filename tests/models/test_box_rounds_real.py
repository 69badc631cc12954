"""The loop from the command line on KITTI's real frames: 20 object frames are imported as labelled,
drive 0005 is the pool. A small network for few steps: the workflow is tested, nothing is learnt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import main
from core.base.words import counted
from core.cli import verbs
from models.boxes import pillar_center
from tests.joined_kitti import joined_kitti
from tests.models.boxes.made import SMALL


@pytest.mark.slow
def test_from_imported_frames_to_a_delivery(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setitem(pillar_center.SIZES, "pillar-s", SMALL)
    names = joined_kitti(tmp_path / "root")
    (tmp_path / "first/label_2").mkdir(parents=True)
    for name in names:
        label = tmp_path / f"root/training/label_2/{name}.txt"
        (tmp_path / f"first/label_2/{name}.txt").symlink_to(label)
    project = tmp_path / "p"

    def say(*words: object) -> str:
        capsys.readouterr()
        code = verbs.run([str(word) for word in words], main._Faces())
        out, told = capsys.readouterr()
        assert code == 0, told
        return out

    say("new", project, "--format", "kitti", "--root", tmp_path / "root", "--train", "training",
        "--research", "--preset", "laptop", "--set", "detect.steps=4", "--set", "ssal.refreshes=2",
        "--set", "train.threads=1")  # fmt: skip
    assert "109 boxes" in say("import", project, tmp_path / "first", "--task", "boxes")
    say("train", project, "--task", "boxes")
    asked = []
    for strategy in ("cal", "entropy"):
        said = say("query", project, "--task", "boxes", "--boxes", 8, "--strategy", strategy)
        assert "it asks no more when 8 are drawn" in said
        say("annotate", project, "--task", "boxes", "--oracle", "boxes")
        say("train", project, "--task", "boxes")
        value = json.loads(say("status", project, "--task", "boxes", "--json"))
        last = value["rounds"][-1]
        assert (last["strategy"], last["open"]) == (strategy, 0)
        assert set(last["models"]) == {"normal", "cpsp"}
        assert last["models"]["cpsp"]["frames"] >= 5  # held out, both compared
        assert [record["step"] for record in last["bank"]] == [0, 2]
        assert last["bank"][0]["classes"]["car"]["people"] > 30
        asked.append(last["id"])
    assert [one["id"] for one in value["rounds"]] == ["000-start", *asked]
    assert "in 174 frames" in say("deliver", project)
    for kind, files in (("kitti", 174), ("openlabel", 1), ("csv", 1)):
        out = tmp_path / f"out-{kind}"
        said = say("export", project, out, "--task", "boxes", "--found", "--to", kind)
        assert f"{counted(files, 'file')} in {out}" in said
    drawn = tmp_path / "drawn"
    assert f" files in {drawn}" in say("export", project, drawn, "--task", "boxes")
    text = say("status", project, "--task", "boxes")
    assert "final bank at step 2:" in text
    assert "mean AP on" in text
