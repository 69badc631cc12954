"""Scans of an experiment that are simulated: made once, made again where one was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import DataError
from core.base.jobs import Job
from core.experiment.read_spec import read_spec
from core.experiment.spec import Made
from core.experiment.towns import scans_of
from core.simulate import town

SPEC = replace(read_spec("town"), made=Made(5, 3, 7, tail=2.0, step_m=3.0))


@pytest.fixture
def calls(monkeypatch) -> list[dict]:
    """A town whose scans are a moment's work; what it was asked for."""
    asked: list[dict] = []

    def write(root: Path, *, job: Job, **options) -> town.Written:
        asked.append(options)
        for name in (*SPEC.train, *SPEC.validation):
            (root / "sequences" / name).mkdir(parents=True, exist_ok=True)
            (root / "sequences" / name / "calib.txt").write_text("Tr:")
        return town.Written(SPEC.train, SPEC.validation)

    monkeypatch.setattr(town, "write_town", write)
    return asked


def test_a_town_is_made_once_and_again_where_it_was_stopped(tmp_path: Path, calls: list[dict]):
    scans_of(SPEC, tmp_path, Job())
    wanted = {"scans": 5, "validation": 3, "seed": 7, "tail": 2.0, "step_m": 3.0}
    assert calls == [wanted | {"layout": "semantickitti"}]
    scans_of(SPEC, tmp_path, Job())
    assert len(calls) == 1
    (tmp_path / "sequences/06/calib.txt").unlink()  # the last of a sequence's files
    scans_of(SPEC, tmp_path, Job())
    assert calls == [calls[0]] * 2


def test_sequences_that_the_town_has_not_are_told(tmp_path: Path, calls: list[dict]):
    with pytest.raises(DataError, match="has other sequences") as caught:
        scans_of(replace(SPEC, train=("00", "09")), tmp_path, Job())
    assert "00, 01, 02, 03, 04 and 05, 06, 07" in caught.value.do


def test_the_towns_sequences_are_those_of_the_spec():
    from core.simulate.drives import drives

    spec = read_spec("town")
    made = spec.made
    assert made is not None
    sides = drives(
        scans=made.scans,
        validation=made.validation,
        seed=made.seed,
        tail=made.tail,
        step_m=made.step_m,
    )
    assert [tuple(drive.name for drive in side) for side in sides] == [spec.train, spec.validation]
