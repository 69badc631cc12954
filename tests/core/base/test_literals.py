"""Headers of .npy and .npz, which Python before 3.11.8 may refuse while another thread parses."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.base import bounded
from core.base.files import read_arrays, write_arrays
from core.data.clouds import read
from core.data.formats.nuscenes_panoptic import packed_panoptic, read_panoptic

LABELS = np.array([1, 2 | 3 << 16], np.uint32)
WHOLE = np.arange(12, dtype="<f4").reshape(3, 4)


@pytest.fixture
def refused(monkeypatch) -> list[str]:
    """Texts that were refused: each twice, as CPython does (gh-106905)."""
    parse, found = ast.literal_eval, list[str]()

    def literal_eval(text: str):
        if found.count(text) < 2:
            found.append(text)
            raise SystemError("AST constructor recursion depth mismatch (before=40, after=38)")
        return parse(text)

    monkeypatch.setattr(ast, "literal_eval", literal_eval)
    return found


def test_good_arrays_are_read_whatever_other_threads_parse(tmp_path: Path, refused: list[str]):
    write_arrays(tmp_path / "a.npz", {"xyz": WHOLE})
    read_back = read_arrays(tmp_path / "a.npz", {"xyz": (np.float32, "N4")}, do="")
    np.testing.assert_array_equal(read_back["xyz"], WHOLE)
    np.save(tmp_path / "a.npy", WHOLE)
    np.testing.assert_array_equal(bounded.map_npy(tmp_path / "a.npy"), WHOLE)
    np.testing.assert_array_equal(np.transpose(read(tmp_path / "a.npy").arrays), WHOLE)
    (tmp_path / "panoptic.npz").write_bytes(packed_panoptic(LABELS, "a"))
    np.testing.assert_array_equal(read_panoptic(tmp_path / "panoptic.npz"), LABELS)
    assert len(refused) >= 4


def test_no_two_threads_parse_at_once(monkeypatch):
    def literal_eval(text: str) -> bool:
        with ThreadPoolExecutor(1) as other:  # may another begin now?
            return other.submit(bounded._PARSING.acquire, blocking=False).result()

    monkeypatch.setattr(ast, "literal_eval", literal_eval)
    assert bounded.literal("1") is False
