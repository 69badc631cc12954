"""KITTI's object frames and its drive 0005 as one dataset in the object benchmark's layout: the
frames that are labelled first, and a drive to choose from."""

from __future__ import annotations

from pathlib import Path

from tests.samples import samples

DRIVE_FROM = 100_000  # the drive's frames are numbered from here on


def joined_kitti(root: Path) -> list[str]:
    """Link both below `root`/training and write the drive's labels a frame a file; the names of the
    object frames. Nothing is copied but labels and calibration."""
    place, objects = root / "training", samples("kitti_object/training")
    drive = samples("kitti_tracking/training")
    for part in ("velodyne", "label_2", "calib", "image_2"):
        (place / part).mkdir(parents=True)
    names = sorted(file.stem for file in (objects / "velodyne").glob("*.bin"))
    for name in names:
        for part in ("velodyne", "label_2", "calib", "image_2"):
            for file in (objects / part).glob(f"{name}.*"):
                (place / part / file.name).symlink_to(file)
    calibration = (drive / "calib/0000.txt").read_text()
    for old, new in (("R_rect ", "R0_rect: "), ("Tr_velo_cam ", "Tr_velo_to_cam: ")):
        calibration = calibration.replace(old, new)
    calibration = calibration.replace("Tr_imu_velo ", "Tr_imu_to_velo: ")
    lines: dict[int, list[str]] = {}
    for line in (drive / "label_02/0000.txt").read_text().splitlines():
        frame, _track, kind, truncated, *rest = line.split()
        rest = [kind, str(min(int(truncated), 1)), *rest]  # it counts to 2, the benchmark to 1
        lines.setdefault(int(frame), []).append(" ".join(rest) + "\n")
    for file in sorted((drive / "velodyne_reduced/0000").glob("*.bin")):
        number = int(file.stem)
        name = f"{DRIVE_FROM + number:06d}"
        (place / f"velodyne/{name}.bin").symlink_to(file)
        (place / f"calib/{name}.txt").write_text(calibration)
        (place / f"label_2/{name}.txt").write_text("".join(lines.get(number, [])))
    return names
