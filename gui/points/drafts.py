"""The drafts that are open: each stays with its points while one is elsewhere, also when the
window closes or the program is killed, until it is answered or put away."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from core.answers.drawings import Drawing, read_drawing, write_drawing
from core.answers.entry import Head
from core.answers.instances import things_of
from core.base.errors import ProjectError
from core.project.project import Project
from gui.desk.background import Background, Turn
from gui.desk.target import Target
from gui.points.draft import Draft

_REMEMBERED = 200  # answers whose steps are known when they are taken back
Key = tuple[str, bool, str]


@dataclass(eq=False)
class Bench:
    """The draft of a target's points, with its steps.

    Attributes
    ----------
    scan, unit, blind, rows : of the target; (R,) int64
    draft : as it is now, None where nothing is drawn
    before, after : what undo and redo bring
    tools : what it was made with
    reopened : the draft as an undone answer left it
    time : of the last step, unix s
    """

    scan: str
    unit: str
    rows: np.ndarray
    blind: bool = False
    draft: Draft | None = None
    before: list[Draft | None] = field(default_factory=list)
    after: list[Draft | None] = field(default_factory=list)
    tools: set[str] = field(default_factory=set)
    reopened: Draft | None = None
    time: float = 0.0

    @property
    def key(self) -> Key:
        return key_of(self.scan, self.rows, self.blind)


def key_of(scan: str, rows: np.ndarray, blind: bool) -> Key:
    """What a draft is kept by: the points it is about."""
    digest = hashlib.blake2b(rows.astype(np.int64).tobytes(), digest_size=12).hexdigest()
    return scan, blind, digest


class Drafts:
    """The benches of a project's window. Files are written on another thread, which says with
    `tell` where it cannot.

    Attributes
    ----------
    problems : why drawings of an earlier time cannot be read
    """

    def __init__(
        self, project: Project, background: Background, tell: Callable[[ProjectError], object]
    ) -> None:
        self._project, self._background, self._tell = project, background, tell
        self._benches: dict[Key, Bench] = {}
        self._answered: OrderedDict[tuple[str, int], Bench] = OrderedDict()
        self._folder = project.path / "drawings" / project.answers.annotator
        # What the files should hold: read by the writing thread when it comes to it.
        self._guard, self._writing = threading.Lock(), threading.Lock()
        self._wanted: dict[Path, Drawing | None] = {}
        self.problems: list[ProjectError] = []
        self._read()

    def _read(self) -> None:
        """Take up what was left; a drawing that was answered just before a crash is done."""
        effective = self._project.answers.effective
        for path in sorted(self._folder.glob("*.npz")):
            try:
                stored = read_drawing(path)
            except ProjectError as error:
                self.problems.append(error)
                continue
            head = effective.get(stored.unit)
            bench = Bench(
                stored.scan,
                stored.unit,
                stored.rows,
                draft=Draft(
                    stored.classes,
                    stored.selected,
                    stored.part,
                    stored.guessed,
                    stored.title,
                    stored.own if stored.guessed else None,
                    stored.turn,
                ),
                before=[None],
                tools=set(stored.tools),
                time=stored.time,
            )
            if head is not None and head.time > stored.time:
                self._save(bench, gone=True)
            else:
                self._benches[bench.key] = bench

    def of(self, scan: str, target: Target) -> Bench:
        """The bench of a target, a new one where nothing was drawn on its points."""
        bench = self._benches.get(key_of(scan, target.rows, target.blind))
        if bench is None:
            return Bench(scan, target.unit, target.rows, target.blind)
        bench.unit = target.unit
        return bench

    def open(self) -> list[Bench]:
        """The benches with something drawn, the one last drawn on first."""
        found = [bench for bench in self._benches.values() if bench.draft is not None]
        return sorted(found, key=lambda bench: -bench.time)

    def keep(self, bench: Bench) -> None:
        """A step was taken: keep it, on the disk too."""
        bench.time = self._project.answers.latest  # behind any answer, whatever clocks say
        self._benches[bench.key] = bench
        self._save(bench, gone=bench.draft is None)

    def drop(self, bench: Bench) -> None:
        """It is answered or brought back: there is nothing to go on with."""
        if self._benches.pop(bench.key, None) is not None:
            self._save(bench, gone=True)

    def answered(self, bench: Bench, head: Head) -> None:
        """An answer was made of it: remember its steps, should the answer be taken back."""
        self.drop(bench)
        if bench.draft is not None:
            self._answered[head.annotator, head.seq] = bench
            while len(self._answered) > _REMEMBERED:
                self._answered.popitem(last=False)

    def reopen(self, head: Head) -> None:
        """An answer was taken back: what was drawn is there again, with its steps where they are
        known, else as the answer has it."""
        bench = self._answered.pop((head.annotator, head.seq), None)
        if bench is None and head.verb == "answer" and len(head.class_counts()) > 1:
            bench = self._of_answer(head)
        if bench is None or bench.draft is None:
            return
        newer = self._benches.get(bench.key)
        if newer is None or newer.draft is None:
            bench.reopened = bench.draft
            self.keep(bench)

    def _of_answer(self, head: Head) -> Bench | None:
        entry = self._project.answers.entry(head)
        if entry is None:
            return None
        nothing, things = np.zeros(len(entry.rows), bool), things_of(entry)
        turn = things.of_row if things.names else None  # so that two things stay two
        draft = Draft(entry.classes, nothing, title="as answered", turn=turn)
        tools = set() if " " in entry.tool else set(entry.tool.split("+"))
        return Bench(entry.scan, entry.unit, entry.rows, entry.blind, draft, tools=tools)

    def closed_again(self, head: Head) -> None:
        """An answer was brought back: what its undo had reopened is done, unless it was changed."""
        for bench in list(self._benches.values()):
            same = (bench.scan, bench.unit, bench.blind) == (head.scan, head.unit, head.blind)
            if same and bench.draft is not None and bench.draft is bench.reopened:
                self.answered(bench, head)

    # -- files --------------------------------------------------------------------------------

    def _save(self, bench: Bench, *, gone: bool) -> None:
        if not self._project.writable or bench.blind:  # a blind unit is not shown by its drawing
            return
        scan, _, digest = bench.key
        name = hashlib.blake2b(f"{scan} {digest}".encode(), digest_size=12).hexdigest()
        path = self._folder / f"{name}.npz"
        with self._guard:
            self._wanted[path] = None if gone or bench.draft is None else _stored(bench)
        self._background.submit(partial(self._write, path), Turn.SOON)

    def _write(self, path: Path) -> None:
        """Bring one file to what it should hold by now."""
        with self._writing:
            with self._guard:
                if path not in self._wanted:
                    return
                drawing = self._wanted.pop(path)
            try:
                if drawing is not None:
                    write_drawing(path, drawing)
                else:
                    path.unlink(missing_ok=True)
            except ProjectError as error:
                self._tell(error)

    def shut(self) -> None:
        """Write what waits."""
        for path in list(self._wanted):
            self._write(path)
        with self._writing:
            return


def _stored(bench: Bench) -> Drawing:
    draft = bench.draft
    assert draft is not None
    return Drawing(
        scan=bench.scan,
        unit=bench.unit,
        rows=bench.rows,
        classes=draft.classes,
        selected=draft.selected,
        own=draft.given,
        part=draft.part,
        turn=draft.turn,
        guessed=draft.guessed,
        title=draft.title,
        tools=tuple(sorted(bench.tools)),
        time=bench.time,
    )
