"""The verb `experiment`: what it prints, its exit codes, and a sentence for each mistake."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from core.base.errors import Cancelled
from core.base.files import writer_lock
from core.cli import verbs
from core.experiment import run
from core.experiment.folder import opened
from core.experiment.read_spec import read_spec
from core.experiment.slurm import script
from core.experiment.spec import TABLES
from tests.box_experiments import box_spec
from tests.experiments import TINY, backend, dies_of_ent, evaluate, learn, tiny_spec
from tests.streets import small_street_at


class Faces:
    """Networks that learn nothing."""

    class network:
        train = staticmethod(learn)
        evaluate = staticmethod(evaluate)
        backend = staticmethod(backend)

    class window:
        pass


def lidarloop(*words: object, faces: type = Faces) -> int:
    return verbs.run([str(word) for word in words], faces())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scans, a spec, and the experiment of one seed, done."""
    base = tmp_path_factory.mktemp("made")
    small_street_at(base / "scans")
    spec = tiny_spec(base)
    assert lidarloop("experiment", spec, base / "out", "--root", base / "scans", "--seeds", 0) == 0
    return base


@pytest.mark.slow
def test_it_tells_how_far_it_is_and_where_the_report_lies(made: Path, capsys):
    words = ("experiment", made / "tiny.toml", made / "out", "--root", made / "scans")
    assert lidarloop(*words, "--seeds", 0) == 0
    said = capsys.readouterr().out
    assert said == f"4 of 4 rounds are finished\n{made / 'out' / 'report.html'}\n"
    assert lidarloop("experiment", "resume", made / "out") == 0
    assert capsys.readouterr().out == said, "by its folder alone"
    assert lidarloop("experiment", "report", made / "out") == 0
    assert capsys.readouterr().out == f"{made / 'out' / 'report.html'}\n"


def test_a_failed_cell_is_named_and_the_exit_code_says_so(made: Path, tmp_path: Path, capsys):
    class Dies(Faces):
        class network(Faces.network):
            train = staticmethod(dies_of_ent)

    shutil.copytree(made / "out/prepared", tmp_path / "kept")
    words = ("experiment", made / "tiny.toml", tmp_path / "out", "--root", made / "scans")
    assert lidarloop(*words, "--seeds", 0, faces=Dies) == 2
    heard = capsys.readouterr()
    assert "cell ent-0-" in heard.err
    assert "3 of 4 rounds are finished, 1 cell failed" in heard.out
    assert (tmp_path / "out/report.html").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["twon", "out"], "There is no experiment twon. The nearest is town."),
        (["table5", "out"], "The experiment table5 needs scans. Name them with --root."),
        (["SPEC", "out", "--root", "SCANS", "--seeds", "x"], "--seeds is x. Write 0-4"),
        (["SPEC", "out", "--root", "SCANS", "--workers", "0"], "--workers is 0. Name 1 or more."),
        (["SPEC", "out", "--root", "SCANS", "--only", "x"], "--only is x. Name a cell"),
        (["SPEC", "out", "--root", "SCANS", "--only", "9" * 5000], "99. Name a cell by its number"),
        (["SPEC", "out", "--root", "SCANS", "--only", "3"], "out holds no experiment. Run one"),
        (["SPEC", "out", "--root", "nowhere"], "nowhere"),
        (["resume", "out"], "out holds no experiment. Run one"),
        (["report", "out"], "out holds no experiment. Run one"),
        (["resume", "MADE", "--seeds", "0-1"], "`experiment resume` takes --seeds from what"),
        (["resume", "MADE", "--protocol", "paper"], "takes --protocol from what"),
        (["report", "MADE", "--root", "SCANS"], "`experiment report` takes --root from what"),
        (["SPEC", "MADE", "--root", "SCANS", "--only", "99"], "There is no cell 99."),
        (["town", "MADE", "--only", "0"], "holds the experiment tiny"),
        (["SPEC", "MADE", "--root", "SCANS", "--protocol", "paper"], "holds the experiment tiny"),
    ],
)
def test_mistakes_are_told_in_one_sentence(
    made: Path, tmp_path: Path, monkeypatch, capsys, words: list[str], said: str
):
    monkeypatch.chdir(tmp_path)
    places = {"SPEC": made / "tiny.toml", "SCANS": made / "scans", "MADE": made / "out"}
    assert lidarloop("experiment", *(places.get(word, word) for word in words)) == 2
    heard = capsys.readouterr().err
    assert said in heard
    assert "Traceback" not in heard


@pytest.mark.parametrize("out", ["out", "deeper/out"])
def test_a_town_is_simulated_into_a_folder_that_is_named_from_here(
    tmp_path: Path, monkeypatch, out: str
):
    made: list[Path] = []

    def scans_of(_: object, root: Path, __: object) -> None:
        made.append(root)
        raise Cancelled

    monkeypatch.setattr(run, "scans_of", scans_of)
    monkeypatch.chdir(tmp_path)
    assert lidarloop("experiment", "town", out, "--seeds", 0) == 130
    assert made == [tmp_path / out / "scans"]


def test_a_second_run_is_told_who_holds_the_folder(made: Path, capsys):
    words = ("experiment", made / "tiny.toml", made / "out", "--root", made / "scans")
    with writer_lock(made / "out"):
        assert lidarloop(*words, "--seeds", 0) == 2
    assert f"The experiment in {made / 'out'} is being run by another window (process" in (
        capsys.readouterr().err
    )


def submitted(script: str, folder: Path) -> list[str]:
    """What sbatch is given, job by job, where bash reads a script."""
    (folder / "jobs.sh").write_text(script)
    stub = folder / "sbatch"
    stub.write_text(f'#!/bin/bash\nprintf "%s|" "$@" >> {folder}/log\necho >> {folder}/log\n'
                    f'wc -l < {folder}/log\n')  # fmt: skip
    stub.chmod(0o755)
    path = f"{folder}:/usr/bin:/bin"
    subprocess.run(["bash", folder / "jobs.sh"], check=True, env={"PATH": path}, cwd=folder)
    return (folder / "log").read_text().splitlines()


def test_the_script_for_slurm_names_every_cell_once(made: Path, tmp_path: Path, capsys):
    out = tmp_path / "o ut"
    words = ("experiment", made / "tiny.toml", out, "--root", made / "scans", "--seeds", "0-1")
    assert lidarloop(*words, "--print-jobs") == 0
    script = capsys.readouterr().out
    jobs = submitted(script, tmp_path)
    assert len(jobs) == 4
    assert "--array=0-1|" in jobs[1]  # two first rounds
    assert "--array=2-7|" in jobs[2]  # three arms, two seeds
    assert "afterok:1|" in jobs[1]
    assert "afterany:2|" in jobs[2]
    assert "afterany:3|" in jobs[3]
    assert '--only "$SLURM_ARRAY_TASK_ID"' in jobs[1]
    assert "'" + str(out) in jobs[1]
    assert "experiment report" in jobs[3]
    assert lidarloop("experiment", "resume", out, "--print-jobs") == 0
    assert capsys.readouterr().out == script, "by its folder alone"
    assert (out / "slurm").is_dir()


def test_first_rounds_that_go_on_from_others_are_a_job_of_their_own(tmp_path: Path):
    """Of two seeds: two normal detectors, two of CPSP that go on from them, three arms each."""
    spec = read_spec(str(box_spec(tmp_path)))
    experiment = opened(tmp_path / "out", spec, "equal", tmp_path, [0, 1])
    jobs = submitted(script(experiment), tmp_path)
    arrays = [re.search(r"--array=([0-9-]+)", job) for job in jobs]
    assert [found[1] if found else "" for found in arrays] == ["", "0-1", "2-3", "4-9", ""]
    for number in (2, 3, 4):
        assert f"afterany:{number}|" in jobs[number]


@pytest.mark.slow
def test_cells_by_their_numbers_end_at_the_same_results(made: Path, tmp_path: Path):
    """As an array of Slurm runs them: prepare, then each, in any order after the first rounds."""
    out = tmp_path / "out"
    words = ("experiment", made / "tiny.toml", out, "--root", made / "scans", "--seeds", 0)
    assert lidarloop(*words, "--only", "prepare") == 0
    for number in (0, 3, 1, 2):
        assert lidarloop(*words, "--only", number) == 0
    assert lidarloop("experiment", "report", out) == 0
    assert (out / "results.csv").read_bytes() == (made / "out/results.csv").read_bytes()


def test_a_table_without_training(made: Path, tmp_path: Path, capsys):
    for name in ("table1", "fig2", "cost", "partitions"):
        text = f'title = "{name}"\ntable = "{name}"\ntrain = ["00"]\nbudget = "20%"\n'
        text += 'preset = "laptop"\n[arms]\nsize = "size"\nrandom = "random"\n'
        spec = tiny_spec(tmp_path / name, text)
        if name != "table1":  # the units are those of the first
            shutil.copytree(tmp_path / "table1/out/prepared", tmp_path / name / "out/prepared")
            shutil.copy(tmp_path / "table1/out/experiment.json", tmp_path / name / "out")
            about = tmp_path / name / "out/experiment.json"
            about.write_text(about.read_text().replace('"table": "table1"', f'"table": "{name}"')
                             .replace('"title": "table1"', f'"title": "{name}"'))  # fmt: skip
        out = tmp_path / name / "out"
        assert lidarloop("experiment", spec, out, "--root", made / "scans", "--seeds", "0-1") == 0
        assert capsys.readouterr().out == f"{out / 'report.html'}\n"
        assert (out / f"{name}.csv").exists()
    assert lidarloop("experiment", "report", tmp_path / "cost/out") == 0


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_training_has_no_cells_for_slurm(
    name: str, made: Path, tmp_path: Path, capsys
):
    spec = tiny_spec(tmp_path, f'title = "A"\ntable = "{name}"\ntrain = ["00"]\n')
    words = ("experiment", spec, tmp_path / "out", "--root", made / "scans", "--seeds", "0-1")
    assert lidarloop(*words, "--print-jobs") == 0
    script = capsys.readouterr().out
    prepare, report = submitted(script, tmp_path)
    assert prepare.endswith("--only prepare|")
    assert "--dependency=afterok:1|" in report
    assert f"experiment report {tmp_path / 'out'}|" in report
    assert "--array" not in script
    assert 'echo "submitted: $prepare, $report"' in script
    assert lidarloop(*words, "--only", 0) == 2
    said = "lidarloop: tiny trains nothing: it has no cell 0. Draw its table: `lidarloop experiment"
    assert capsys.readouterr().err.startswith(said)
    assert not (tmp_path / "out/cells").exists()


def test_a_spec_that_is_damaged_is_told(tmp_path: Path, capsys):
    spec = tiny_spec(tmp_path, TINY.replace("rounds = 2", "rounds = 2 3"))
    assert lidarloop("experiment", spec, tmp_path / "out", "--root", tmp_path) == 2
    assert "cannot be read" in capsys.readouterr().err
