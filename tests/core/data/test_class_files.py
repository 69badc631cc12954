"""Class lists of others and damaged ones: read as they mean, or told in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import SettingsError
from core.data.class_colours import alike, free_colour
from core.data.classes import IGNORED, load_classes

KITTI = """
labels:
  0 : "unlabeled"
  1 : "outlier"
  10: "car"
  40: "road"
  252: "moving-car"
color_map: # bgr
  0 : [0, 0, 0]
  1 : [0, 0, 255]
  10: [245, 150, 100]
  40: [255, 0, 255]
  252: [245, 150, 100]
"""
LEARNING = """
learning_map: {0: 0, 1: 0, 10: 1, 40: 2, 252: 1}
learning_map_inv: {0: 0, 1: 10, 2: 40}
learning_ignore: {0: True, 1: False, 2: False}
"""


def test_the_configuration_of_semantic_kitti_api(tmp_path: Path):
    (tmp_path / "semantic-kitti.yaml").write_text(KITTI + LEARNING)
    found = load_classes(str(tmp_path / "semantic-kitti.yaml"))
    assert (found.names, found.class_to_raw) == (("car", "road"), (10, 40))
    assert found.encode(np.array([0, 1, 10, 252, 40])).tolist() == [IGNORED, IGNORED, 0, 0, 1]
    # Blue comes first there: a car is light blue, as in our own list.
    assert found.colours.tolist() == [[100, 150, 245], [255, 0, 255]]
    own = load_classes("semantickitti")
    assert found.colours[0].tolist() == own.colours[own.names.index("car")].tolist()


def test_without_a_learning_map_each_label_is_a_class(tmp_path: Path):
    (tmp_path / "mine.yml").write_text(KITTI)
    found = load_classes(str(tmp_path / "mine.yml"))
    assert found.names == ("outlier", "car", "road", "moving-car")
    assert found.class_to_raw == (1, 10, 40, 252)


def test_lists_of_labelcloud_and_cvat(tmp_path: Path):
    cloud = '{"classes": [{"name": "none", "id": 0, "color": "#ffffff"}, '
    cloud += '{"name": "cart", "id": 4, "color": "#FF7F00"}], "default": 0}'
    (tmp_path / "_classes.json").write_text(cloud)
    found = load_classes(str(tmp_path / "_classes.json"))
    assert (found.names, found.class_to_raw, found.colours.tolist()) == (
        ("cart",),
        (4,),
        [[255, 127, 0]],
    )
    (tmp_path / "cvat.json").write_text('[{"name": "a"}, {"name": "b", "color": "#00ff00"}]')
    found = load_classes(str(tmp_path / "cvat.json"))
    assert (found.names, found.class_to_raw) == (("a", "b"), (1, 2))


@pytest.mark.parametrize(
    ("kind", "first", "last", "raw", "ignored"),
    [
        ("object_detection", "cart", 4, (0, 4), 255),
        ("object_detection", "cart", 255, (0, 255), 1),
        ("object_detection", "unassigned", 4, (4,), 0),
        ("semantic_segmentation", "cart", 4, (4,), 0),
        ("semantic_segmentation", "unassigned", 4, (4,), 0),
    ],
)
def test_class_0_of_labelclouds_boxes_is_a_class(
    tmp_path: Path, kind: str, first: str, last: int, raw, ignored: int
):
    classes = [{"name": first, "id": 0, "color": "#FF7F00"}, {"name": "box", "id": last}]
    stored = {"classes": classes, "default": 0, "type": kind, "format": "centroid_rel"}
    (tmp_path / "_classes.json").write_text(json.dumps(stored))
    found = load_classes(str(tmp_path / "_classes.json"))
    assert found.class_to_raw == raw
    assert found.none == ignored


ENTRY = '[[class]]\nname = "a"\ncolour = "#ff0000"\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[[class]]\nname = "Stra\xdfe"\n'.encode("latin-1"), r"no text in UTF-8 \(byte 23\)"),
        (bytes(range(256)) * 8, "no text in UTF-8"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = " + b"1" * 10_000, "no TOML file"),
        (b"x" * 1_000_001, "more than 1,000,000 bytes"),
        (b"class = 3", "class is '3', not a list"),
        (b"class = [3]", "class 1 of .* is '3'"),
        (f"ignored = 5\n{ENTRY}".encode(), "ignored is '5', not a list"),
        (f'ignored = ["x"]\n{ENTRY}'.encode(), "ignored has no"),
        (f"ignored = [-1]\n{ENTRY}".encode(), "ignored id -1 is out of range"),
        (f"{ENTRY}raw = -3".encode(), "raw id -3 of a is out of range"),
        (f"{ENTRY}raw = 4294967296".encode(), "raw id 4294967296 of a is out of range"),
        (f"{ENTRY}raw = 99999999999999999999".encode(), "out of range"),
        (f"{ENTRY}raw = 1.5".encode(), "no usable whole number"),
        (f"{ENTRY}raw = true".encode(), "no usable whole number"),
        (f"{ENTRY}raw = nan".encode(), "no usable"),
        (f"{ENTRY}raw = inf".encode(), "no usable"),
        (f"{ENTRY}raw_ids = 7".encode(), "no usable raw_ids"),
        (f"{ENTRY}was = 7".encode(), "no usable was"),
        (f'{ENTRY}key = ""'.encode(), "has no key"),
        (ENTRY.replace('"a"', '""').encode(), "no name"),
        (ENTRY.replace('"a"', '"a\\nb"').encode(), "the name 'a"),
        (ENTRY.replace("#ff0000", "#ff00").encode(), "no usable colour"),
        (f'{ENTRY}[[merge]]\nclass = "a"\ninto = "b"'.encode(), "there is no class 'b'"),
        (f"merge = [1]\n{ENTRY}".encode(), "has a merge that is '1'"),
        (f"{ENTRY}id = 4".encode(), "no class with the id 0"),
        (f'{ENTRY}id = "x"'.encode(), "an id or a place"),
    ],
)
def test_a_damaged_list_is_told_in_one_sentence(content: bytes, says: str, tmp_path: Path):
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(SettingsError, match=says):
        load_classes(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", b"- [" * 50_000),
        ("a.yaml", b"labels: 3"),
        ("a.yaml", b"labels: {a: b}"),
        ("a.yaml", b"? [1, 2]\n: 3"),
        ("a.yaml", b"labels: {1: x}\ncolor_map: {1: [300, 0, 0]}"),
        ("a.yaml", b"labels: {1: x}\ncolor_map: {1: [3, 0]}"),
        ("a.yaml", b"!!python/object/apply:os.system [ls]"),
        ("a.yaml", b"\x00\x01"),
        ("a.yaml", b""),
        ("a.json", b"[" * 100_000),
        ("a.json", b"[1, 2]"),
        ("a.json", b'{"classes": 3}'),
        ("a.json", b'[{"name": "a", "color": "red"}]'),
        ("a.json", b"\xff\xfe"),
        ("a.json", b"[]"),
        ("a\0b.toml", b""),
    ],
)
def test_damaged_files_of_others_are_told(name: str, content: bytes, tmp_path: Path):
    if "\0" not in name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SettingsError):
        load_classes(str(tmp_path / name))


def test_a_byte_order_mark_is_no_letter(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(ENTRY, encoding="utf-8-sig")
    assert load_classes(str(tmp_path / "mine.toml")).names == ("a",)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([".toml", ".yaml", ".json"]),
    st.integers(0, 400),
    st.binary(min_size=1, max_size=6),
    st.booleans(),
)
def test_whatever_is_changed_in_a_list_it_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, at: int, new: bytes, cut: bool
):
    whole = {
        ".toml": f"ignored = [0]\n{ENTRY}id = 0\nraw = 3\nraw_ids = [4]\nkey = 'Q'\n",
        ".yaml": KITTI + LEARNING,
        ".json": '[{"name": "a"}, {"name": "b", "color": "#00ff00"}]',
    }[suffix].encode()
    at %= len(whole)
    content = whole[:at] + new + (b"" if cut else whole[at + len(new) :])
    path = tmp_path_factory.mktemp("lists") / f"list{suffix}"
    path.write_bytes(content)
    try:
        found = load_classes(str(path))
    except SettingsError:
        return
    every = np.arange(len(found), dtype=np.uint8)
    np.testing.assert_array_equal(found.encode(found.decode(every)), every)


def test_a_list_whose_entries_were_put_in_another_order_by_hand_keeps_its_ids(tmp_path: Path):
    text = load_classes("semantickitti").to_toml()
    head, *entries = text.split("[[class]]")
    path = tmp_path / "classes.toml"
    path.write_text("[[class]]".join([head, *entries[::-1]]))
    found = load_classes(str(path))
    assert found.names == load_classes("semantickitti").names
    assert found.shown == tuple(range(18, -1, -1))
    path.write_text("[[class]]".join([head, *entries[1:]]))
    with pytest.raises(SettingsError, match="no class with the id 0"):
        load_classes(str(path))
    added = '[[class]]\nname = "crane"\ncolour = "#123456"\nraw = 300\n'
    path.write_text(f"{head}{added}{'[[class]]'.join(['', *entries])}")
    found = load_classes(str(path))
    assert found.names.index("crane") == 19
    assert found.shown[0] == 19


def test_new_colours_are_unlike_all_others_for_everybody():
    taken: list[str] = []
    for _ in range(12):
        taken.append(free_colour(taken))
    assert not alike(taken)
    red, green = "#b4503c", "#6e6e32"  # much alike without red or without green, else not
    assert alike([red, "#b4503d"])[0][2] == "everybody"
    assert [who for *_, who in alike([red, green])] != ["everybody"]
