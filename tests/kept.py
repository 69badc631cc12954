"""A folder as it is now: what of it is another later, and how it becomes again as it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

Stamps = dict[str, tuple[int, int, int]]  # of each file: inode, size, time of the last change


class Kept:
    """The files of a folder with their bytes; `but` are folders in it that do not count."""

    def __init__(self, folder: Path, but: Sequence[Path] = ()) -> None:
        self._folder, self._but = str(folder), {str(place) for place in but}
        self._content = {file: Path(file).read_bytes() for file in self.stamps()}
        self._known = self.stamps()

    def _files(self) -> Iterator[os.DirEntry[str]]:
        places = [self._folder]
        while places:
            with os.scandir(places.pop()) as entries:
                for entry in entries:
                    if entry.path in self._but:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        places.append(entry.path)
                    else:
                        yield entry

    def stamps(self) -> Stamps:
        found = {}
        for entry in self._files():
            about = entry.stat(follow_symlinks=False)
            found[entry.path] = (about.st_ino, about.st_size, about.st_mtime_ns)
        return found

    def changed(self, since: Stamps | None = None) -> list[str]:
        """Files that are new, gone or another since then."""
        before, now = self._known if since is None else since, self.stamps()
        return sorted(p for p in before.keys() | now.keys() if before.get(p) != now.get(p))

    def restore(self) -> None:
        """Make the folder what it was; folders without files that came since stay."""
        changed = self.changed()
        for file in changed:
            path = Path(file)
            if file not in self._content:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.rmtree(path)
            path.write_bytes(self._content[file])
        if changed:
            self._known = self.stamps()
