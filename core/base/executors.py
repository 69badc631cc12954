"""Work spread over processes or a cluster, through one interface: concurrent.futures.Executor."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from core.base.errors import ProjectError, SettingsError
from core.base.jobs import Job

T = TypeVar("T")
_TRIES = 3
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


class WorkerDied(ProjectError):
    """A worker died again and again on the task `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The worker process for {name} died {_TRIES} times.",
            "It may be out of memory: try fewer workers, or leave that scan out.",
        )
        self.name = name


def run_all(
    tasks: Mapping[str, tuple[object, ...]],
    function: Callable[..., T],
    *,
    workers: int | None,
    cluster: str | None,
    job: Job,
    text: str,
) -> Iterator[tuple[str, T]]:
    """Run `function(*arguments)` for each named task; yield (name, result) as they finish.

    In this process for one worker, in spawned processes of one thread each for more, or on the
    dask cluster at the address `cluster`. A worker that dies is replaced and its tasks are done
    again, three times at most; then WorkerDied names the task. Errors of a task come through.
    """
    waiting = dict(tasks)
    done = 0
    job.progress(0, len(tasks), text)
    if cluster is None and (workers or os.cpu_count() or 1) == 1:
        for name, arguments in tasks.items():
            yield name, function(*arguments)
            done += 1
            job.progress(done, len(tasks), text)
        return
    deaths: dict[str, int] = {}
    while waiting:
        with _executor(workers, cluster) as executor:
            running: dict[Future[T], str] = {
                executor.submit(function, *arguments): name for name, arguments in waiting.items()
            }
            try:
                while running:
                    ready, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                    job.check()
                    for future in ready:
                        name = running[future]
                        result = _result(future, name)
                        del running[future], waiting[name]
                        yield name, result
                        done += 1
                        job.progress(done, len(tasks), text)
            except BrokenProcessPool as error:
                # Whichever died was among the oldest of those still waiting.
                suspect = next(iter(waiting))
                deaths[suspect] = deaths.get(suspect, 0) + 1
                if deaths[suspect] == _TRIES:
                    raise WorkerDied(suspect) from error
            except BaseException:
                for future in running:
                    future.cancel()
                raise


def _result(future: Future[T], name: str) -> T:
    try:
        return future.result()
    except Exception as error:
        if type(error).__name__ == "KilledWorker":  # as dask calls the same
            raise WorkerDied(name) from error
        raise


@contextlib.contextmanager
def _executor(workers: int | None, cluster: str | None) -> Iterator[Executor]:
    if cluster is None:
        with _one_thread_each():
            pool = ProcessPoolExecutor(
                workers or os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn")
            )
            try:
                yield pool
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingsError(
            "A cluster needs the package distributed.",
            "Install it on every machine: pip install 'lidarloop[cluster]'.",
        ) from error
    try:
        client = Client(cluster, timeout="10s")
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"No dask scheduler answers at {cluster}: {error}.",
            "Start one with `dask scheduler` and name its tcp:// address.",
        ) from error
    with client:
        yield client.get_executor(retries=_TRIES, pure=False)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let child processes start with one thread: the processes fill the cores already."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
