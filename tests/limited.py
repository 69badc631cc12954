"""Runs many trials in forked children of limited memory and time, and counts what became of them.

A child inherits all that its parent has loaded, so a trial costs no start. Where a child dies or
hangs, the trial it was at is known, and another child goes on behind it.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

from core.base.errors import ProjectError

_MORE_BYTES = 1 << 30  # of addresses, beyond what the parent has
_MOST_FILE = 1 << 28  # bytes of a file that a trial may write
_SECONDS = 20  # of the processor, of one trial
_WAITED = 10 * _SECONDS  # by the clock; on a busy machine a trial may have to wait for its turn
_AT_ONCE = 250  # trials of a child


class Hang(BaseException):
    """It took too long."""


def _hang(*_: object) -> None:
    raise Hang


def outcome_of(trial: Callable[[int], str], number: int) -> str:
    """What a trial says became of it, or how it ended otherwise."""
    signal.signal(signal.SIGALRM, _hang)
    signal.signal(signal.SIGPROF, _hang)
    signal.alarm(_WAITED)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        return trial(number)
    except ProjectError as error:
        return "told" if error.what and not _is_broken(str(error)) else f"told {error!a}"
    except Hang:
        return "hang"
    except MemoryError:
        return "memory"
    except Exception as error:  # what this looks for
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"traceback: {type(error).__name__} in {where.filename}:{where.lineno}"
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def _is_broken(text: str) -> bool:
    """Whether a sentence cannot be printed on a terminal, or does things to it."""
    return any(ord(sign) < 32 and sign not in "\n\t" for sign in text)


def counted(trial: Callable[[int], str], first: int, count: int) -> Counter[str]:
    """How often `trial(number)`, for `count` numbers from `first` on, came to which end: what it
    returns, told (a ProjectError), traceback, hang, memory, crash. What is not expected of any
    program goes to stderr with its number."""
    found: Counter[str] = Counter()
    number, end = first, first + count
    while number < end:
        number = _one_child(trial, number, min(end, number + _AT_ONCE), found)
    return found


def _one_child(trial: Callable[[int], str], first: int, end: int, found: Counter[str]) -> int:
    """Do the trials from `first` on in one child; return the number of the next one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _trials(trial, first, end, writing)
    os.close(writing)
    number = first
    with os.fdopen(reading, "r", errors="replace") as lines:
        while number < end:
            ready, _, _ = select.select([lines], [], [], 2 * _WAITED)
            line = lines.readline() if ready else ""
            if not line.endswith("\n"):
                break
            _count(found, line.rstrip("\n"), number)
            number += 1
        if number < end:
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if number < end:
        code = os.waitstatus_to_exitcode(status)
        _count(found, "hang" if code == -signal.SIGKILL else f"crash: {code}", number)
        number += 1
    return number


def _count(found: Counter[str], outcome: str, number: int) -> None:
    seen, _, detail = outcome.partition(" | ")
    found[seen] += 1
    if detail or seen.partition(":")[0] not in ("told", "same", "other", "read"):
        print(f"{number}: {outcome}", file=sys.stderr, flush=True)


def _trials(trial: Callable[[int], str], first: int, end: int, writing: int) -> NoReturn:
    """In the child: one line for each trial, then the end, whatever happens."""
    code = 1
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + _MORE_BYTES, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE, resource.RLIM_INFINITY))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        warnings.simplefilter("error")  # they would stand on somebody's terminal
        for number in range(first, end):
            line = outcome_of(trial, number).replace("\n", " ")
            os.write(writing, f"{line}\n".encode(errors="backslashreplace"))
        code = 0
    finally:
        os._exit(code)
