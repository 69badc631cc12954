"""What goes out and comes in, byte for byte: helpers of the tests of core/exchange."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.answers.effort import NO_EFFORT
from core.base.files import write_arrays
from core.exchange.outbox import MANIFEST
from core.project.project import Project
from core.rounds.predictions import new_prediction_file


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes, the exports' own list aside."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def answer(project: Project, scan: str, rows: np.ndarray, found: int) -> None:
    """Give rows of a scan a class, as a volunteered answer."""
    project.answers.answer(
        project.scan_ref(scan),
        rows,
        np.full(len(rows), found, np.uint8),
        round="",
        unit="",
        effort=NO_EFFORT,
    )


def predict(project: Project, classes: dict[str, np.ndarray], monkeypatch) -> None:
    """Let the newest round be scored, with these predicted classes of each scan."""
    tip = project.tip
    assert tip is not None
    monkeypatch.setattr(Project, "last_scored", lambda _: tip)
    for scan, found in classes.items():
        write_arrays(new_prediction_file(project.predictions(tip), scan), {"classes": found})


def write_keyframes(root: Path, scans: dict[str, np.ndarray], version: str = "v1.0-mini") -> None:
    """nuScenes keyframes with labels in the official layout, one scene for each first part of a
    name "scene/stem", tables without boxes; labels (N,) uint8 for each."""
    follows: dict[str, str] = {}
    scenes = sorted({name.split("/")[0] for name in scans})
    tables: dict[str, list[dict[str, object]]] = {
        "scene": [{"token": f"s{name}", "name": name, "log_token": "l"} for name in scenes],
        "log": [{"token": "l", "location": "here"}],
        "map": [{"token": "m", "log_tokens": ["l"], "filename": "maps/m.png", "category": "x"}],
        "sensor": [{"token": "top", "channel": "LIDAR_TOP", "modality": "lidar"}],
        "calibrated_sensor": [
            {
                "token": "c",
                "sensor_token": "top",
                "translation": [0, 0, 0],
                "rotation": [1, 0, 0, 0],
            }
        ],
        "ego_pose": [{"token": "e", "translation": [0, 0, 0], "rotation": [1, 0, 0, 0]}],
        "category": [{"token": "cat", "name": "vehicle.car", "description": "a car"}],
        "sample": [],
        "sample_data": [],
        "lidarseg": [],
    }
    for row in tables["scene"]:
        mine = [
            f"k{n}"
            for n, name in enumerate(sorted(scans))
            if f"s{name}".startswith(f"{row['token']}/")
        ]
        row |= {
            "nbr_samples": len(mine),
            "first_sample_token": mine[0],
            "last_sample_token": mine[-1],
        }
        follows |= dict(zip(mine, [*mine[1:], ""], strict=True))
    for name in ("attribute", "visibility", "instance", "sample_annotation"):
        tables[name] = []
    rng = np.random.default_rng(0)
    for number, (name, labels) in enumerate(sorted(scans.items())):
        scene, stem = name.split("/")
        token = f"{number:032x}"
        tables["sample"].append(
            {
                "token": f"k{number}",
                "scene_token": f"s{scene}",
                "timestamp": number,
                "next": follows[f"k{number}"],
                "prev": "",
            }
        )
        tables["sample_data"].append(
            {
                "token": token,
                "sample_token": f"k{number}",
                "ego_pose_token": "e",
                "calibrated_sensor_token": "c",
                "filename": f"samples/LIDAR_TOP/{stem}.pcd.bin",
                "is_key_frame": True,
                "timestamp": number,
            }
        )
        points = np.hstack([rng.normal(0, 10, (len(labels), 3)), np.zeros((len(labels), 2))])
        file = root / f"samples/LIDAR_TOP/{stem}.pcd.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        points.astype("<f4").tofile(file)
        label = f"lidarseg/{version}/{token}_lidarseg.bin"
        (root / label).parent.mkdir(parents=True, exist_ok=True)
        labels.astype("u1").tofile(root / label)
        tables["lidarseg"].append({"token": token, "sample_data_token": token, "filename": label})
    (root / version).mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        (root / version / f"{name}.json").write_text(json.dumps(rows))
