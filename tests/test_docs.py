"""The documents say what is there: headings that the code cites, paths, links, snippets."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.project.project import Project
from tests.places import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
)
SOURCES = [
    path
    for room in ("core", "models", "gui", "tests", "resources")
    for path in sorted((ROOT / room).rglob("*"))
    if path.suffix in (".py", ".toml") and path != Path(__file__)
]
ROOMS = ("core", "models", "gui", "tests", "resources", "docs")
A_PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(ROOMS)})/[\w./-]*\w")
A_NAME = re.compile(r"`([\w.-]+\.(?:py|md|toml|cff))`")
THEIRS = {"project.toml", "classes.toml"}  # of the reader's project


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def headings(page: str) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE))


def anchor(heading: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def cited(page: str) -> list[tuple[str, str]]:
    """(file, what follows the page's name) of each citation in the code, on one line."""
    found = []
    for file in SOURCES:
        flat = re.sub(r"\s+(?:# )?", " ", file.read_text(encoding="utf-8"))
        places = re.finditer(rf"{re.escape(page)}(.{{0,60}})", flat)
        found += [(str(file.relative_to(ROOT)), place[1]) for place in places]
    return found


def test_the_code_cites_pages_of_the_repository():
    for file in SOURCES:
        for page in re.findall(r"[\w./-]*\w\.md\b", file.read_text(encoding="utf-8")):
            assert (ROOT / page).exists(), f"{file.relative_to(ROOT)} cites {page}"


def test_every_heading_that_the_code_cites_is_there():
    places = cited("docs/method.md")
    assert len(places) > 10
    for file, rest in places:
        name = re.match(r", (\w+)", rest)
        assert name, f"{file} cites docs/method.md without a heading"
        assert name[1] in headings("docs/method.md"), f"{file}: no heading {name[1]}"


def test_every_decision_that_the_code_cites_is_there():
    decided = re.findall(r"^(\d+)\. \*\*", text_of("docs/architecture.md"), re.MULTILINE)
    assert decided == [str(n + 1) for n in range(len(decided))]
    for file, rest in cited("docs/architecture.md"):
        numbers = re.match(r", decisions? (\d+)(?: and (\d+))?", rest)
        assert numbers, f"{file} cites docs/architecture.md without a decision"
        assert {n for n in numbers.groups() if n} <= set(decided), file


def test_the_rooms_stand_in_the_order_of_their_contracts():
    tree = text_of("docs/architecture.md").partition("## The rooms")[2].split("```")[1]
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layered = [contract for contract in contracts if contract["type"] == "layers"]
    assert len(layered) == 3
    for contract in layered:
        (part,) = contract["containers"]
        section = re.split(r"^\S", tree.partition(f"{part}/\n")[2], maxsplit=1, flags=re.MULTILINE)[
            0
        ]
        drawn = re.findall(r"^  (\||) +(\w+)(?:\.py)? ", section, re.MULTILINE)
        rooms = [layer.replace(" ", "").split("|") for layer in contract["layers"]]
        assert [name for _, name in drawn] == [name for names in rooms for name in names]
        assert [bar for bar, _ in drawn] == ["|" * (len(n) > 1) for n in rooms for _ in n]


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_is_there(page: str):
    text = text_of(page)
    for path in A_PATH.findall(text):
        assert (ROOT / path).exists(), f"{page} names {path}"
    ours = {path.name for room in ROOMS for path in (ROOT / room).rglob("*.*")}
    ours |= {path.name for path in ROOT.iterdir()}
    assert set(A_NAME.findall(text)) <= ours | THEIRS


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_is_there(page: str):
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py")]
    there = set(re.findall(r"^def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert set(re.findall(r"`(test_\w+)`", text_of(page))) <= there


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_repository_resolves(page: str):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in target:
            continue
        path, _, place = target.partition("#")
        linked = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert linked.exists(), f"{page} links {target}"
        if place:
            there = {anchor(h) for h in headings(linked.relative_to(ROOT).as_posix())}
            assert place in there, f"{page} links {target}"


@pytest.mark.slow
def test_the_snippets_for_scripts_run(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIDARLOOP_ANNOTATOR", "script")
    text = text_of("docs/scripting.md")
    said: dict[str, Any] = {}
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text[: block.start(1)].count("\n")
        code = compile("\n" * line + block[1], "docs/scripting.md", "exec")
        exec(code, said)
    found, following, labels = said["found"], said["following"], said["labels"]
    assert (found.id, following.id) == ("001-size", "002-basal")
    assert found.done
    # What the person said stands, what was undone is the oracle's again.
    (first, second, third), names = found.query.items[:3], said["project"].classes.names
    with Project(tmp_path / "street", read_only=True) as project:
        told = {entry.unit: entry for entry in project.answers.entries() if entry.verb == "answer"}
        effective = project.answers.effective
        assert effective.keys() == set(found.query.items)
        assert set(told[first].classes.tolist()) == {names.index("pole")}
        assert len(set(told[second].classes.tolist())) == 2
        assert told[third].tool == "oracle per-point"
        np.testing.assert_array_equal(project.labels(said["scan"]), labels)
    assert len(said["predicted"]) == len(said["truth"]) == len(labels)
    assert len(said["entropy"]) == len(said["feature"]) == len(said["units"])
    written = np.fromfile(
        tmp_path / "out" / f"{said['scan'].replace('velodyne', 'labels')}.label", "<u4"
    )
    np.testing.assert_array_equal(written > 0, labels < len(names))
