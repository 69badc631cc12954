"""What the official evaluators ask of predictions, told anew from their rules: small references.

SemanticKITTI (semantic-kitti-api: evaluate_semantics, validate_submission) and nuScenes-lidarseg
(nuscenes-devkit: validate_submission, LidarSegEval). Nothing here uses core.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

# semantic-kitti.yaml, learning_map: raw id -> class of training, 0 for none.
LEARNING_MAP = {
    **{0: 0, 1: 0, 10: 1, 11: 2, 13: 5, 15: 3, 16: 5, 18: 4, 20: 5, 30: 6, 31: 7, 32: 8},
    **{40: 9, 44: 10, 48: 11, 49: 12, 50: 13, 51: 14, 52: 0, 60: 9, 70: 15, 71: 16, 72: 17},
    **{80: 18, 81: 19, 99: 0, 252: 1, 253: 7, 254: 6, 255: 8, 256: 5, 257: 5, 258: 4, 259: 5},
}
LEARNING_MAP_INV = (
    *(0, 10, 11, 15, 18, 20, 30, 31, 32, 40),
    *(44, 48, 49, 50, 51, 70, 71, 72, 80, 81),
)
# nuScenes: fine id -> class of the benchmark.
BENCHMARK = {
    **{9: 1, 14: 2, 15: 3, 16: 3, 17: 4, 18: 5, 21: 6, 2: 7, 3: 7, 4: 7, 6: 7, 12: 8, 22: 9},
    **{23: 10, 24: 11, 25: 12, 26: 13, 27: 14, 28: 15, 30: 16},
}


def scores(matrix: np.ndarray) -> np.ndarray:
    """IoU of each class from a confusion matrix, rows true; class 0 counts as nothing."""
    values = []
    for one in range(1, len(matrix)):
        hit = matrix[one, one]
        union = matrix[one, :].sum() + matrix[:, one].sum() - hit
        values.append(hit / union if union else np.nan)
    return np.array(values)


def evaluate_semantickitti(dataset: Path, predictions: Path, sequences: list[str]) -> np.ndarray:
    """(19,) IoU as the official script has it: every label file needs one prediction of its name
    in sequences/<nn>/predictions; rows whose truth is class 0 are left out."""
    matrix = np.zeros((20, 20), np.int64)
    for sequence in sequences:
        labels = sorted((dataset / "sequences" / sequence / "labels").glob("*.label"))
        found = sorted((predictions / "sequences" / sequence / "predictions").glob("*.label"))
        assert [p.name for p in labels] == [p.name for p in found]
        for label, prediction in zip(labels, found, strict=True):
            truth = np.fromfile(label, np.uint32) & 0xFFFF
            said = np.fromfile(prediction, np.uint32)
            assert said.size == truth.size
            assert not (said >> 16).any()
            for t, s in zip(
                (LEARNING_MAP[i] for i in truth.tolist()),
                (LEARNING_MAP[i] for i in said.tolist()),
                strict=True,
            ):
                matrix[t, s] += t > 0
    return scores(matrix)


def check_semantickitti_submission(dataset: Path, folder: Path, sequences: list[str]) -> None:
    """A prediction of 4 bytes a point for each scan, raw ids of the inverse map."""
    assert sorted(p.name for p in (folder / "sequences").iterdir()) == sequences
    for sequence in sequences:
        scans = sorted((dataset / "sequences" / sequence / "velodyne").glob("*.bin"))
        place = folder / "sequences" / sequence / "predictions"
        assert sorted(p.stem for p in place.iterdir()) == [p.stem for p in scans]
        for scan in scans:
            file = place / f"{scan.stem}.label"
            assert file.stat().st_size == scan.stat().st_size // 16 * 4
            assert set(np.unique(np.fromfile(file, np.uint32)).tolist()) <= set(LEARNING_MAP_INV)


def check_nuscenes_submission(dataset: Path, version: str, folder: Path, name: str, scenes) -> None:
    """<set>/submission.json with five truths and falsehoods; lidarseg/<set>/<token>_lidarseg.bin
    of each keyframe of the scenes, a byte 1..16 for each point."""
    told = json.loads((folder / name / "submission.json").read_bytes())
    uses = {"use_camera", "use_lidar", "use_radar", "use_map", "use_external"}
    assert set(told["meta"]) == uses
    assert all(type(value) is bool for value in told["meta"].values())
    assert told["meta"]["use_lidar"]
    for token, points in keyframes(dataset, version, scenes).items():
        said = np.fromfile(folder / "lidarseg" / name / f"{token}_lidarseg.bin", np.uint8)
        assert len(said) == points
        assert ((said > 0) & (said < 17)).all()


def evaluate_nuscenes(dataset: Path, version: str, folder: Path, name: str, scenes) -> np.ndarray:
    """(16,) IoU of the benchmark; rows whose truth is class 0 are left out."""
    matrix = np.zeros((17, 17), np.int64)
    rows = json.loads((dataset / version / "lidarseg.json").read_bytes())
    files = {row["sample_data_token"]: row["filename"] for row in rows}
    for token in keyframes(dataset, version, scenes):
        truth = np.fromfile(dataset / files[token], np.uint8)
        said = np.fromfile(folder / "lidarseg" / name / f"{token}_lidarseg.bin", np.uint8)
        for t, s in zip((BENCHMARK.get(i, 0) for i in truth.tolist()), said.tolist(), strict=True):
            matrix[t, s] += t > 0
    return scores(matrix)


def keyframes(dataset: Path, version: str, scenes: list[str]) -> dict[str, int]:
    """Token of each keyframe of the scenes -> its points."""

    def table(name: str) -> list[dict]:
        return json.loads((dataset / version / f"{name}.json").read_bytes())

    wanted = {row["token"] for row in table("scene") if row["name"] in scenes}
    samples = {row["token"] for row in table("sample") if row["scene_token"] in wanted}
    return {
        row["token"]: (dataset / row["filename"]).stat().st_size // 20
        for row in table("sample_data")
        if row["sample_token"] in samples and row["is_key_frame"]
    }
