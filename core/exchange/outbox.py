"""Where an export may write: below one folder, never over what it did not write itself.

`.lidarloop-export.json` in that folder names the files that exports wrote, each with the hash of
its content: what is not in it, or was changed since, is somebody else's and stays. While an export
is under way, `.lidarloop-export.log` has a line for each file, written before that has its name: so
it is known which ones are ours wherever an export is killed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from core.base.errors import DataError, ProjectError
from core.base.files import (
    append_line,
    hash_input,
    read_json,
    storage_error,
    write_json,
    write_pieces,
)
from core.base.paths import inside
from core.project.project import Project

MANIFEST, LOG = ".lidarloop-export.json", ".lidarloop-export.log"
Content = bytes | Iterator[bytes]  # of a file: whole, or piece by piece where it may be large
_ELSEWHERE = "Name a new folder."


class ExistsError(ProjectError):
    """An earlier export lies where this one would write; `force` replaces it."""


class Outbox:
    """A folder that one export writes to; use it in a `with`, so that what it wrote is kept in
    the manifest even where it was stopped. `boxes`: whose boxes go out, "" where none do; those of
    another are not written beside them, since their files look the same. `kind`: of files that are
    whole only together: what an earlier export of that kind wrote and this one does not, goes with
    what is replaced, since it would be taken for a part.

    Raises ProjectError where the folder lies in the data that is read or in the project, or holds
    another's boxes.
    """

    def __init__(
        self,
        root: Path,
        project: Project,
        *,
        force: bool = False,
        boxes: str = "",
        kind: str = "",
    ) -> None:
        self.root, self._boxes, self._kind = root, boxes, kind
        self._kinds: dict[str, str] = {}  # of the files of exports that have one
        self._known = ""  # whose boxes lie there
        self._dataset, self._force = project.dataset, force
        self._data = self._dataset.root.resolve()
        self._home = _resolved(root)
        if _is_within(self._home, self._data):
            raise ProjectError(
                f"{root} is the data root or lies in it; source scans are read only.",
                _ELSEWHERE,
            )
        if _is_within(self._home, project.path.resolve()):
            raise ProjectError(
                f"{root} is the project's folder or lies in it, among what was answered.",
                _ELSEWHERE,
            )
        if self._home.exists() and not self._home.is_dir():
            raise ProjectError(f"{root} is a file.", _ELSEWHERE)
        there = self._home.exists()
        self._manifest, self._log = (
            inside(root, name) if there else root / name for name in (MANIFEST, LOG)
        )
        self._logged: tuple[str, str] | None = None  # name and hash of what is being written
        self._wrote = self._read_manifest()
        for line in _lines(self._log):
            self._take(*line)
        self._allowed: set[str] = set()
        self._earlier: set[str] = set()
        self._beside: list[str] = []  # that goes with it

    def __enter__(self) -> Outbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._allowed:
            if self._logged is not None:
                self._take(*self._logged, self._kind)
            self._write_manifest()
            _delete(self._log)

    def _take(self, name: str, digest: str, kind: str) -> None:
        """Know a file as ours that an export was about to write, where it has done so."""
        path = inside(self.root, name)
        if path.is_file() and hash_input(path) == digest:
            self._know(name, digest, kind)

    def _know(self, name: str, digest: str, kind: str) -> None:
        self._wrote[name] = digest
        self._kinds.pop(name, None)
        if kind:
            self._kinds[name] = kind

    def _write_manifest(self) -> None:
        content = {"version": 1, "files": dict(sorted(self._wrote.items()))}
        known = sorted(self._kinds.keys() & self._wrote.keys())
        content |= {"kinds": {name: self._kinds[name] for name in known}} if known else {}
        write_json(self._manifest, content | ({"boxes": self._known} if self._known else {}))

    def check(self, names: Iterable[str]) -> None:
        """See to it that all of `names` may be written, before the first is.

        Raises ProjectError for a name that leads out of the folder or into the data, a file that
        no export wrote or that was changed since.
        """
        sources = {self._dataset.path(scan).resolve() for scan in self._dataset.scans}
        folders = {source.parent for source in sources}
        seen: set[str] = set()
        in_data: dict[Path, bool] = {}
        for name in names:
            path = inside(self.root, name)
            real = path.resolve()
            if name in seen or name in (MANIFEST, LOG):
                raise DataError(
                    f"Two scans would be written to one file, {name}.",
                    "Rename one of the two, or export in another layout.",
                )
            seen.add(name)
            place = real.parent
            if place not in in_data:
                in_data[place] = place in folders or _is_within(place, self._data)
            # A folder of the dataset may itself be a link to where its files are.
            if in_data[place] or real in sources or real == (self._data / name).resolve():
                raise ProjectError(
                    f"{path} lies among the scans of the dataset, which are read only.", _ELSEWHERE
                )
            if path.is_symlink() or real.exists():
                self._check_ours(name)
                self._earlier.add(name)
        self._allowed |= seen
        if self._kind:
            self._beside = [
                name
                for name, kind in self._kinds.items()
                if kind == self._kind and name not in seen and inside(self.root, name).exists()
            ]
            for name in self._beside:
                self._check_ours(name)

    def _check_ours(self, name: str) -> None:
        """Raise ProjectError where a file is not as an export wrote it."""
        path = inside(self.root, name)
        real = path.resolve()
        if not real.is_file() or self._wrote.get(name) != hash_input(real):
            raise ProjectError(
                f"{path} is there already, and no export wrote it as it is: it is not overwritten.",
                _ELSEWHERE,
            )

    def write_all(
        self, make: Callable[[], Iterable[tuple[str, Content | None]]], *, trial: bool = False
    ) -> list[str]:
        """Write the files that `make` makes of the names that were checked, None for no file;
        return the names of those there are.

        With `trial` all is made once before anything is written, since some may be refused. What an
        earlier export wrote is replaced, or removed, with `force` alone: without, it is so too, and
        ExistsError raised where a file would change.
        """
        kept = frozenset() if self._force else self._earlier
        if self._beside and not self._force:
            raise ExistsError(
                f"{self.root} holds an earlier export, in which {self._beside[0]} is one more.",
                "Name a new folder, or replace that export with --force.",
            )
        if kept or trial:
            for name, data in make():
                if name in kept and (data is None or _hash(data) != self._wrote[name]):
                    raise ExistsError(
                        f"{self.root} holds an earlier export, in which {name} is another.",
                        "Name a new folder, or replace that export with --force.",
                    )
        written: list[str] = []
        for name, data in make():
            if data is not None:
                if not written:  # so that it is known whose they are wherever this is killed
                    self._known = self._boxes or self._known
                    self._write_manifest()
                    _delete(self._log)  # of one that was killed; its last line may be cut
                self.write(name, data)
                written.append(name)
            elif name in self._earlier:
                self._remove(name)
        for name in self._beside:
            self._remove(name)
        return written

    def _remove(self, name: str) -> None:
        _delete(inside(self.root, name))
        del self._wrote[name]

    def write(self, name: str, data: Content) -> None:
        """Write one of the files that were checked."""
        if name not in self._allowed:
            raise ValueError(f"{name} was not checked")
        path = inside(self.root, name)

        def note(digest: str) -> None:
            self._logged = (name, digest)
            append_line(self._log, json.dumps([name, digest, self._kind]))

        digest = write_pieces(path, _pieces(data), before=note)
        self._know(name, digest, self._kind)
        self._logged = None

    def _read_manifest(self) -> dict[str, str]:
        if not self._manifest.exists():
            return {}
        stored = read_json(
            self._manifest,
            do="Name a new folder: what lies in this one is not known.",
            files=dict[str, str],
        )
        found: dict[str, str] = stored["files"]
        kinds = stored.get("kinds")
        if isinstance(kinds, dict):
            self._kinds = {name: kind for name, kind in kinds.items() if isinstance(kind, str)}
        known = stored.get("boxes")
        self._known = known if isinstance(known, str) else ""
        if self._boxes and self._known and self._known != self._boxes:
            raise ProjectError(
                f"{self.root} holds boxes that {self._known}: those that {self._boxes} would lie "
                "among them.",
                _ELSEWHERE,
            )
        return found


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error


def _lines(log: Path) -> Iterator[tuple[str, str, str]]:
    """Name, hash and kind of each file that an export which was killed has logged."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise ProjectError(f"{log} cannot be read: {error.strerror}.", _ELSEWHERE) from error
    for line in text.splitlines():
        with suppress(ValueError):  # the last one may be cut
            match json.loads(line):
                case [str(name), str(digest), str(kind)]:
                    yield name, digest, kind


def _pieces(data: Content) -> Iterable[bytes]:
    return [data] if isinstance(data, bytes) else data


def _hash(data: Content) -> str:
    """As `hash_file` has it."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in _pieces(data):
        digest.update(piece)
    return digest.hexdigest()


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise ProjectError(f"{path} cannot be written to: {error}.", _ELSEWHERE) from error


def _is_within(path: Path, folder: Path) -> bool:
    """Whether `path`, resolved, is a folder or lies in it, also by another name of the folder."""
    if path.is_relative_to(folder):
        return True
    for place in (path, *path.parents):
        try:
            if place.samefile(folder):
                return True
        except OSError:  # not there yet
            continue
    return False
