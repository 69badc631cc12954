"""Native code that runs out of memory: a whole .laz that does not fit is a sentence, no end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.data.clouds.las_files import las, some
from tests.places import ROOT

pytest.importorskip("laspy", reason="laspy is not installed")
pytest.importorskip("lazrs", reason="lazrs is not installed")

# Each try is a child of its own with so many megabytes to spare, from too few to enough: with none
# Python has no room for a sentence either. The stack has grown before: one that is refused more
# ends its process, whoever reads.
TRY = """
import os, resource, sys
from pathlib import Path
import laspy, lazrs
from core.base.errors import DataError
from core.data.clouds import TOO_LARGE, read

def grow(levels):
    return levels and max([levels - 1], key=grow)

sys.setrecursionlimit(10_000)
grow(4_000)
read(Path(sys.argv[1]))

def child(spare):
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + spare
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        read(Path(sys.argv[2]))
    except DataError as error:
        return 1 if TOO_LARGE in error.what else 2
    return 0

for spare in range(4 << 20, 44 << 20, 1 << 18):
    pid = os.fork()
    if not pid:
        os._exit(child(spare))
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), end=" ")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited as Linux does")
@pytest.mark.slow
@pytest.mark.parametrize("format", [3, 7])
def test_a_laz_that_does_not_fit_is_a_sentence(tmp_path: Path, format: int):
    for name, count in (("small", 100), ("large", 300_000)):
        content = las(some(count), format=format, compress=True)
        (tmp_path / f"{name}.laz").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", TRY, tmp_path / "small.laz", tmp_path / "large.laz"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    codes = done.stdout.split()
    assert set(codes) == {"0", "1"}
    assert codes[0] == "1"
    assert codes[-1] == "0"
