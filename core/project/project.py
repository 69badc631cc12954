"""A project: one folder with settings, journals, units and rounds, opened by one writer at a time.

project.toml                 settings, each with its source
classes.toml                 the class list, the project's own copy
journals/<annotator>.sqlite  the answers: the truth
units/<fingerprint>/         the prepared units, written once
rounds/<nnn>-<strategy>/     queries, training sets, checkpoints, metrics, scores
frame-rounds/<nnn>-<strategy>/  queries of whole frames, to draw boxes in
poses/                       poses computed from the scans, where the data have none
given/                       scores of another network's probabilities
found/                       boxes that a detector found, to be accepted or rejected
cache/                       predictions: may be deleted
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.answers.annotator import annotator_name
from core.answers.answers import Answers
from core.answers.box import Box
from core.answers.boxes import BoxAnswers
from core.answers.brought import Brought
from core.answers.entry import ScanRef
from core.answers.instances import Things
from core.base.errors import DataError, GoneError, ProjectError
from core.base.files import write_atomic, writer_lock
from core.base.settings import Settings
from core.base.words import counted
from core.boxes.table import Boxes
from core.data.classes import ClassList, load_classes
from core.data.label_file import check_raw
from core.data.opening import open_dataset
from core.data.own_poses import FOLDER as OWN_POSES
from core.data.reading import Reading
from core.data.rig import Rig
from core.data.scans import Dataset
from core.prepare import check
from core.prepare.report import Report, read_report
from core.prepare.units import POINTER, Units, read_rows, rows_file
from core.project.plan import emptied, planned
from core.project.pointer import units_now
from core.project.project_file import FILE, read_project_file
from core.project.rescue import save_at_home
from core.project.scan_files import ScanFiles
from core.query.query import Query
from core.rounds.frame_order import FrameOrder
from core.rounds.ranked import Ranked
from core.rounds.round import GIVEN, Round, branch, read_rounds
from core.rounds.tree import Tree

CLASSES = "classes.toml"
FRAME_ROUNDS = "frame-rounds"


class Project:
    """An open project. Steps of core.steps and models.steps take it; the window shows it.

    Attributes
    ----------
    path, file, classes : folder, content of project.toml, class list
    source, dataset : all scans that project.toml names; those of them that can be used
    left_out : a sentence for each scan that cannot, as the last `prepare` found them
    doubts : sentences on what is doubtful about the data, from `create` or the last `prepare`
    units : the prepared units, or None before `prepare`
    answers : the fold of all journals
    boxes : the boxes among them
    writable : False when opened for reading only
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.file = read_project_file(path)
        self.writable = not read_only
        self._files = ScanFiles(path / FILE)
        self._known: dict[str, int | None] = {}
        with contextlib.ExitStack() as undo:
            if not read_only:
                undo.enter_context(writer_lock(path))
            self.classes: ClassList = load_classes(str(path / CLASSES))
            found = open_dataset(
                self.file.format,
                self.root,
                self.file.train,
                self.file.validation,
                intensity_scale=self.settings.prepare.intensity_scale,
                rig=Rig.of(self.settings.rig),
                reading=self.file.reading,
            )
            self.source: Dataset = replace(found, own_poses=path / OWN_POSES)
            self._leave_out(self.units_folder)
            self.answers = Answers.open(
                path / "journals",
                annotator_name(),
                read_only=read_only,
                now=self.classes.now,
            )
            undo.callback(self.answers.close)
            self.units: Units | None = self._read_units()
            self._stale: tuple[str, ...] = self._turned_since()
            self.answers.rows_of = self._known_rows
            self.boxes = BoxAnswers(self.answers)
            self.frame_order = FrameOrder(self.boxes, self.classes)
            for counts in (self.answers.fold.class_counts(), self.boxes.class_counts()):
                self.classes.check_ids(counts, path / CLASSES)
            self.rounds: list[Round] = read_rounds(path / "rounds")
            self.tree = Tree(path / "rounds", self.rounds)
            self.frame_rounds: list[Round] = read_rounds(path / FRAME_ROUNDS)
            self._close = undo.pop_all()

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        format: str,
        root: Path,
        train: Sequence[str],
        validation: Sequence[str] = (),
        preset: str = "paper",
        seed: int = 0,
        research: bool = False,
        overrides: Mapping[str, str] | None = None,
        classes: str | ClassList | None = None,
        guess: bool = False,
        source: str = "--set",
        reading: Reading | None = None,
    ) -> Project:
        """Make a project in the new or empty folder `path` and open it.

        `train` and `validation` name sequences or official splits (core.data.splits); `overrides`
        maps dotted setting keys to values as typed, with `source` as theirs; `classes` is a class
        list, its name or file, by default the format's own. `guess`: what `overrides` leaves open
        of the sensor is fitted to the scans (core.data.fitted). `reading` is what was said about
        the files. A few scans are looked at: `doubts` of the project are what is odd about them.
        Raises ProjectError, also where the files cannot be what they are taken for; then nothing
        is left.
        """
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ProjectError(
                f"{path} exists and is not empty.", "Name a folder that does not exist yet."
            )
        plan = planned(
            format=format,
            root=root,
            train=train,
            validation=validation,
            preset=preset,
            seed=seed,
            research=research,
            overrides=overrides or {},
            classes=classes,
            guess=guess,
            source=source,
            reading=reading or Reading(),
        )
        try:
            write_atomic(path / CLASSES, plan.classes.to_toml().encode())
            plan.file.write(path)
            check.save_doubts(path / "units", plan.doubts)
            return cls(path)
        except ProjectError:
            emptied(path)
            raise

    def use_classes(self, classes: ClassList) -> None:
        """Make `classes` the project's list, on the disk first (core.project.change_classes).

        Raises SettingsError where its raw ids do not fit the format's labels.
        """
        check_raw(self.dataset, classes)
        write_atomic(self.path / CLASSES, classes.to_toml().encode())
        self.classes = classes
        self.answers.use_merges(classes.now)
        self.frame_order = FrameOrder(self.boxes, classes)

    def close(self) -> None:
        """Close the journals and let others write."""
        self._close.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if isinstance(error, GoneError):  # it ends what was begun: nobody is there to ask
                raise GoneError(
                    error.what, save_at_home(self.answers, self.path) or error.do
                ) from error
        finally:
            self.close()

    # -- settings ---------------------------------------------------------------------------

    @property
    def root(self) -> Path:
        """The data root, absolute."""
        return (self.path / self.file.root).resolve()

    @property
    def settings(self) -> Settings:
        return self.file.settings

    @property
    def seed(self) -> int:
        return self.file.seed

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what another version wrote in project.toml, on what it lacks, on what does
        not fit the preparation, and on answers whose scans are gone."""
        return (*self.file.notes, *self._stale, *self._gone())

    def _gone(self) -> tuple[str, ...]:
        """A scan that is no longer there is counted and listed by no step: its answers are not to
        vanish in silence."""
        fold, boxes = self.answers.fold, self.boxes
        points = {
            head.scan for head in fold.all() if head.verb == "answer" and fold.now.holds(head)
        }
        answered = points.union(boxes.counts_by_scan(), boxes.finished)
        gone = sorted(answered.difference(self.source.scans))
        if not gone:
            return ()
        many, more = counted(len(gone), "scan"), len(gone) > 1
        return (
            f"{many} with answers {'are' if more else 'is'} not in the dataset any more ({gone[0]}"
            f"{', …' if more else ''}): the answers are kept, but neither learnt from nor exported "
            f"until {'they are' if more else 'it is'} back.",
        )

    @property
    def told(self) -> tuple[str, ...]:
        """Sentences on what is doubtful about the data and on the scans that are left out."""
        return check.told(self.left_out, self.doubts, len(self.source.scans))

    @property
    def research(self) -> bool:
        """Whether answers may come from ground truth and ground truth may be shown."""
        return self.file.research

    # -- scans and units --------------------------------------------------------------------

    @property
    def units_folder(self) -> Path:
        return self.path / "units"

    def _read_units(self) -> Units | None:
        folder = units_now(self.units_folder)
        if folder is None:
            return None
        units = Units.load(folder)
        self._leave_out(folder)
        return units

    def _leave_out(self, folder: Path) -> None:
        """Go on without the scans that the preparation in a folder could not use."""
        found = check.read(folder)
        self.left_out: dict[str, str] = found["left_out"]
        self.no_returns: int = found["no_returns"]
        self.doubts: tuple[str, ...] = tuple(found["notes"])
        self.dataset = check.usable(self.source, self.left_out)

    def _turned_since(self) -> tuple[str, ...]:
        """Scans that are turned otherwise than they were prepared have units in wrong places."""
        try:
            report = self.report()
        except ProjectError:  # told where it is asked for
            return ()
        if report is None or report.rig == self.dataset.rig.facts:
            return ()
        return (
            f"The scans were prepared with another [rig] than {FILE} says: prepare the project "
            f"again, or give [rig] its values back; no answer is lost.",
        )

    def use_units(self, units: Units) -> None:
        """Make `units`, saved below `units_folder`, the project's units from now on."""
        self._stale = ()
        write_atomic(self.units_folder / POINTER, f"{units.fingerprint}\n".encode())
        self._leave_out(self.units_folder / units.fingerprint)
        self.units = units

    def report(self) -> Report | None:
        """What became of the points; None before `prepare`, and after one of version 0.1.0."""
        if self.units is None:
            return None
        return read_report(self.units_folder / self.units.fingerprint, self.units)

    def need_writable(self) -> None:
        """Raises ProjectError where it was opened for reading only."""
        if not self.writable:
            do = "Close it where it is open, then try again."
            raise ProjectError("The project is open for reading only.", do)

    def need_units(self) -> Units:
        """Return the units. Raises ProjectError before `prepare`."""
        if self.units is None:
            raise ProjectError(
                "The scans are not prepared yet: there are no units to ask about.",
                "Run `lidarloop prepare` on the project, or Prepare in the window.",
            )
        return self.units

    def rows(self, scan: str) -> np.ndarray:
        """(N,) int32: each row's unit number within the scan, or a negative state (units.py).

        Raises DataError where the scan's content is not what was prepared, ProjectError where
        it is not prepared or its file is damaged.
        """
        units = self.need_units()
        index = units.scan_index(scan)
        if index is None:
            raise ProjectError(
                f"Scan {scan} is not among the prepared scans.", "Prepare the project again."
            )
        self.check_unchanged(scan)
        return read_rows(
            rows_file(self.units_folder / units.fingerprint, scan, self.dataset),
            rows=int(units.scan_rows[index]),
            units=len(units.range_of(scan)),
        )

    def scan_hash(self, scan: str) -> str:
        """Content hash of a scan's file, remembered while its time and size stay the same."""
        return self._files.digest(self.dataset, scan)

    def count(self, scan: str) -> int:
        """Number of rows of a scan: as prepared, else remembered while its file stays the same."""
        index = self.units.scan_index(scan) if self.units is not None else None
        if self.units is not None and index is not None:
            return int(self.units.scan_rows[index])
        return self._files.count(self.dataset, scan)

    def _known_rows(self, scan: str) -> int | None:
        """Number of rows of a scan, None where it is no scan of the project or cannot be read."""
        if scan not in self._known:
            try:
                self._known[scan] = self.count(scan) if scan in self.source.scans else None
            except ProjectError:
                self._known[scan] = None
        return self._known[scan]

    def scan_ref(self, scan: str) -> ScanRef:
        """A scan's name, rows and content hash, as an answer to it keeps them."""
        return ScanRef(scan, self.count(scan), self.scan_hash(scan))

    def check_unchanged(self, scan: str) -> None:
        """Raise DataError if a prepared scan's file no longer has the content it had then."""
        units = self.need_units()
        index = units.scan_index(scan)
        if index is not None and units.scan_hashes[index] != self.scan_hash(scan):
            raise DataError(
                f"Scan {scan} has changed since it was prepared; labels could land on wrong "
                f"points.",
                "Bring the original file back, or make a new project for the new scans.",
            )

    # -- rounds -----------------------------------------------------------------------------

    @property
    def tip(self) -> Round | None:
        """The round on the table: the newest of the branch that one stands on."""
        return self.tree.tip(self.rounds)

    def add_round(self, found: Round) -> None:
        """Take in a round that was asked; it is on the table then."""
        newest = self.rounds[-1].id if self.rounds else None
        self.rounds = [*self.rounds, found]
        if self.tree.at is not None or found.parent != newest:
            self.tree.stand_at(found.id)

    def round(self, id: str) -> Round:
        """Return the round of that id. Raises ProjectError naming those there are."""
        for found in self.rounds:
            if found.id == id:
                return found
        known = ", ".join(r.id for r in self.rounds) or "none yet"
        raise ProjectError(f"There is no round {id}.", f"Rounds of this project: {known}.")

    @property
    def open_round(self) -> Round | None:
        """The round whose questions are on the table: the newest, until it is scored and answered.

        What is answered after its training set was frozen counts from the next round on.
        """
        tip = self.tip
        return tip if tip is not None and (not tip.scored or self.open_items(tip)) else None

    def open_items(self, found: Round) -> list[str]:
        """Return the unit ids of a query's items without an answer, in its order."""
        effective = self.answers.effective
        return [item for item in found.query.items if item not in effective]

    def stage(self, found: Round) -> str:
        """Return a round's stage: "asked", "answered", "trained" or "scored"."""
        return found.stage(answered=not self.open_items(found))

    def branch(self, tip: Round | None) -> list[Round]:
        """Return a round and its ancestors, the oldest first."""
        return branch(self.rounds, tip)

    def last_scored(self, tip: Round | None = None) -> Round | None:
        """The newest round of a branch, of that on the table by default, whose scores can rank the
        next query; what another network says, where it was scored last."""
        if self.given.scored:
            return self.given
        for found in reversed(self.branch(tip or self.tip)):
            if found.scored:
                return found
        return None

    @property
    def given(self) -> Round:
        """The folder of what another network says, in the shape of a round that asked nothing."""
        return Round(self.path / GIVEN)

    def predictions(self, found: Round) -> Path:
        """Folder of the per-point predictions made by a round's checkpoint."""
        return self.path / "cache" / "predictions" / found.id

    def labels(
        self,
        scan: str,
        *,
        rounds: set[str] | None = None,
        asked: Collection[str] = (),
        until: Mapping[str, int] | None = None,
    ) -> np.ndarray:
        """(N,) uint8 classes a scan's rows were given, UNLABELLED where none was."""
        return self.answers.labels(self.scan_ref(scan), rounds=rounds, asked=asked, until=until)

    def things(self, scan: str) -> Things:
        """The things of a scan's (N,) rows."""
        return self.answers.things(self.scan_ref(scan))

    def boxes_of(self, scan: str) -> dict[str, Box]:
        """The boxes of a scan by name, in the coordinates of `Dataset.scan`. Raises DataError where
        one was drawn on another content of its file, or on axes that lean against those of now."""
        return self.boxes.of(self.scan_ref(scan), self.dataset.from_files)

    def box_table(self, scan: str) -> Boxes:
        """The boxes of a scan as a table, in the order of `boxes_of`. Raises as that does."""
        return self.boxes.table(self.scan_ref(scan), self.dataset.from_files)[1]

    def brought(self, scan: str) -> Brought | None:
        """What was imported of a scan's (N,) rows, None where nothing was."""
        return self.answers.brought(self.scan_ref(scan))

    def new_round_folder(self, query: Query) -> Path:
        """Return the folder a new query is saved in; "003-basal", and so on."""
        return self.path / "rounds" / f"{len(self.rounds) + 1:03d}-{query.strategy}"

    # -- rounds of frames ---------------------------------------------------------------------

    def add_frame_round(self, found: Round) -> None:
        self.frame_rounds = [*self.frame_rounds, found]

    def open_frames(self, found: Round) -> Ranked:
        """The frames that a query asks and nobody has settled, the next first; none where its
        budget of boxes is spent."""
        return self.frame_order.of(found).frames

    def new_frames_folder(self, query: Query) -> Path:
        """The folder a new query of frames is saved in."""
        number = len(self.frame_rounds) + 1
        return self.path / FRAME_ROUNDS / f"{number:03d}-{query.strategy}"
