"""Preparing many scans: the same bytes for any workers, resumable, nothing mixed."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import ProjectError
from core.base.executors import run_all
from core.base.jobs import Job
from core.base.settings import load_preset
from core.data.made import file_of
from core.data.opening import open_dataset
from core.prepare.run import prepare
from core.prepare.units import read_rows, rows_file
from tests.places import ROOT
from tests.samples import Scans
from tests.streets import small_scan, write_scan

PAPER = load_preset("paper").prepare
TRAIN = ["00", "01", "02", "03", "05", "06", "07", "10"]


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.npz"))
    }


@pytest.mark.slow
def test_the_sample_scans_have_the_known_cuts_and_units(semantickitti, tmp_path):
    dataset = open_dataset("semantickitti", semantickitti, TRAIN, [])
    units = prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    assert units.cuts == (4, 8, 25)
    assert np.bincount(units.partition).tolist() == [685, 862, 691, 1125]
    assert units.oversize == 89
    assert units.scan_rows.sum() == 2_472_453
    from core.base.settings import PrepareSettings

    six = PrepareSettings(**{**PAPER.__dict__, "partitions": 6})
    assert prepare(dataset, six, tmp_path, workers=2, job=Job()).cuts == (3, 4, 5, 7, 11, 25)


def test_the_table_counts_the_rows_of_each_unit(street: Scans, tmp_path):
    dataset = open_dataset("semantickitti", street.root, ["00"], [])
    units = prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    for scan in units.scans:
        mine = units.range_of(scan)
        file = rows_file(tmp_path / units.fingerprint, scan, dataset)
        rows = read_rows(file, rows=dataset.count(scan), units=len(mine))
        counts = np.bincount(rows[rows >= 0], minlength=len(mine))
        assert np.array_equal(counts, units.points[mine.start : mine.stop])


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_bytes(small_street, tmp_path):
    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    for workers in (1, 2, 4):
        prepare(dataset, PAPER, tmp_path / str(workers), workers=workers, job=Job())
    one = bytes_of(tmp_path / "1")
    assert len(one) == 5  # a file for each scan, the table, the report
    assert one == bytes_of(tmp_path / "2") == bytes_of(tmp_path / "4")


def test_a_run_that_was_killed_goes_on_where_it_was(small_street, tmp_path):
    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    whole = prepare(dataset, PAPER, tmp_path / "whole", workers=1, job=Job())
    code = f"""
import os, signal
from pathlib import Path
from core.base import files
from core.base.jobs import Job
from core.prepare import run
from core.data.opening import open_dataset
from core.base.settings import load_preset
write, done = run.write_arrays, []
def dying(path, arrays, **options):
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, arrays, **options)
    done.append(path)
run.write_arrays = dying
dataset = open_dataset("semantickitti", Path({str(small_street)!r}), ["00"], [])
run.prepare(dataset, load_preset("paper").prepare, Path({str(tmp_path / "cut")!r}), workers=1,
            job=Job())
"""
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cut").rglob("*.npz")}
    assert len(kept) == 2
    again = prepare(dataset, PAPER, tmp_path / "cut", workers=1, job=Job())
    assert again.fingerprint == whole.fingerprint
    assert bytes_of(tmp_path / "cut") == bytes_of(tmp_path / "whole")
    assert all(file.stat().st_mtime_ns == when for file, when in kept.items())


def test_other_settings_or_scans_go_to_a_folder_of_their_own(small_street, tmp_path):
    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    first = prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    file = dataset.path(dataset.train[0])
    file.write_bytes(file.read_bytes()[:-16])
    second = prepare(dataset, PAPER, tmp_path, workers=1, job=Job())
    assert first.fingerprint != second.fingerprint
    assert (tmp_path / first.fingerprint / "units.npz").exists()


def test_scans_that_shared_a_file_in_version_0_1_0_are_prepared_anew(tmp_path):
    """What it kept as a__b__c.npz is of the last one; no other scan has its rows."""
    clouds = {scan: small_scan(seed)[0] for seed, scan in enumerate(("a/b__c", "a__b/c", "a/d"))}
    for scan, points in clouds.items():
        write_scan(tmp_path / "scans", scan, points[len(scan) :], None)
    dataset = open_dataset("folder", tmp_path / "scans", ["a", "a__b"], [])
    whole = prepare(dataset, PAPER, tmp_path / "whole", workers=1, job=Job())
    wanted = bytes_of(tmp_path / "whole")
    rows = tmp_path / "whole" / whole.fingerprint / "rows"
    shutil.copy(file_of(rows, "a/d"), rows / "a__d.npz")
    shutil.move(file_of(rows, "a__b/c"), rows / "a__b__c.npz")
    shutil.rmtree(rows / "scans")
    again = prepare(dataset, PAPER, tmp_path / "whole", workers=1, job=Job())
    assert again.fingerprint == whole.fingerprint
    made = bytes_of(tmp_path / "whole")
    assert {file: made[file] for file in wanted if "a/d" not in file} == {
        file: content for file, content in wanted.items() if "a/d" not in file
    }
    assert not file_of(rows, "a/d").exists()
    assert rows_file(rows.parent, "a/d", dataset) == rows / "a__d.npz"


def die_once(marker: str, name: str) -> str:
    if not Path(marker).exists():
        Path(marker).write_text("died")
        os.kill(os.getpid(), signal.SIGKILL)
    return name


def die(name: str) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return name


def test_a_worker_that_dies_is_replaced(tmp_path):
    tasks = {name: (str(tmp_path / "marker"), name) for name in "abc"}
    done = dict(run_all(tasks, die_once, workers=2, cluster=None, job=Job(), text="test"))
    assert done == {"a": "a", "b": "b", "c": "c"}


def test_a_task_that_kills_every_worker_is_named():
    with pytest.raises(ProjectError, match="00/000007 died 3 times"):
        list(run_all({"00/000007": ("x",)}, die, workers=2, cluster=None, job=Job(), text="test"))


@pytest.mark.slow
@pytest.mark.logs(r"distributed\.nanny: Restarting worker", r"distributed\.")
def test_a_dask_cluster_that_loses_a_worker_gives_the_same_bytes(small_street, tmp_path):
    from distributed import LocalCluster

    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    prepare(dataset, PAPER, tmp_path / "here", workers=1, job=Job())

    class Killer(Job):
        killed = False

        def progress(self, done, total, text, **values):
            if text == "prepare" and done == 1 and not self.killed:
                self.killed = True
                worker = next(iter(cluster.workers.values()))
                os.kill(worker.process.pid, signal.SIGKILL)

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        prepare(dataset, PAPER, tmp_path / "there", cluster=cluster.scheduler_address, job=Killer())
    assert bytes_of(tmp_path / "here") == bytes_of(tmp_path / "there")


@pytest.mark.slow
def test_no_scheduler_is_one_sentence(small_street, tmp_path):
    dataset = open_dataset("semantickitti", small_street, ["00"], [])
    with pytest.raises(ProjectError, match="No dask scheduler answers"):
        prepare(dataset, PAPER, tmp_path, cluster="tcp://127.0.0.1:9", job=Job())
