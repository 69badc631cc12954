"""Training on several GPUs: torchrun starts one process per GPU, and this one follows them.

As a module it is what each process runs: `python -m models.training.launch PROJECT ROUND [START]`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import torch
import torch.distributed as dist

from core.base.errors import ProjectError
from core.base.jobs import Job, Progress
from core.project.project import Project
from core.rounds.round import Round
from models.training.group import Group

TRACE = "train.log"
_ENDS_WITHIN_S = 30.0


def launch(project: Project, found: Round, processes: int, start: Path | None, job: Job) -> None:
    """Train a round, whose training set is frozen, in `processes` processes.

    Raises what stopped them, and ProjectError naming their log where they give no reason.
    """
    words = [str(project.path), found.id, *([str(start)] if start is not None else [])]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += [f"--nproc-per-node={processes}", "-m", "models.training.launch", *words]
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.setdefault("OMP_NUM_THREADS", "1")  # as torchrun would, without saying so
    log = found.folder / TRACE
    with (
        log.open("w", encoding="utf-8") as trace,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=trace, text=True, env=environment
        ) as running,
    ):
        try:
            assert running.stdout is not None
            for line in _lines(running.stdout, job):
                _relay(line, job)
        except BaseException:
            running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(_ENDS_WITHIN_S)
            running.kill()
            raise
    if running.returncode:
        raise ProjectError(
            f"Training in {processes} processes stopped with code {running.returncode}.",
            f"The reason is at the end of {log}.",
        )
    log.unlink()


def _lines(stream: IO[str], job: Job) -> Iterator[str]:
    """Lines of a stream as they come; the job may be cancelled between them."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        job.check()
        try:
            line = lines.get(timeout=0.2)
        except queue.Empty:
            continue
        if line is None:
            return
        yield line


def _relay(line: str, job: Job) -> None:
    """Report what a process told, or raise the error it met."""
    try:
        told = json.loads(line)
    except ValueError:
        return  # a library's own words
    if "what" in told:
        raise ProjectError(told["what"], told["do"])
    if told["said"]:
        job.say(told["said"])
    else:
        job.progress(told["done"], told["total"], told["text"], always=True, **told["values"])


def work(path: Path, id: str, start: Path | None) -> int:
    """Train as one process of the group; the first one tells how far it is."""
    from models.training.round import train_round

    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if cuda else "gloo")
    try:
        with Project(path, read_only=True) as project:
            job = Job(_tell if Group.current().leads else None)
            train_round(project, project.round(id), start, job)
    except ProjectError as error:
        _print({"what": error.what, "do": error.do})
        return 2
    dist.barrier()  # one that leaves early takes the others' connection with it
    dist.destroy_process_group()
    return 0


def _tell(report: Progress) -> None:
    _print(asdict(report))


def _print(told: dict[str, Any]) -> None:
    """Print a line in one write: the processes share a pipe, and torchrun runs them unbuffered."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(work(Path(words[0]), words[1], Path(words[2]) if words[2:] else None))
