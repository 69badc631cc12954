"""What each setting means, in a sentence, by its dotted key (docs/method.md, Settings)."""

from __future__ import annotations

from collections.abc import Mapping

from core.base import detect_settings, ssal_settings

MEANINGS: Mapping[str, str] = {
    "label.instances": "An answer also tells which thing it is, where its class is countable.",
    "prepare.cell_m": "Side of a ground cell, in metres.",
    "prepare.split_points": "A ground cell with more points is cut in four; 0 for never.",
    "prepare.min_unit_points": "A ground cell with fewer points is no unit.",
    "prepare.min_cluster_size": "A group of fewer points is no cluster.",
    "prepare.min_samples": "Neighbours that decide how dense it is around a point.",
    "prepare.epsilon_m": "Clusters that part below this distance stay one, in metres.",
    "prepare.max_size_m": "A cluster longer than this, in metres, is no unit.",
    "prepare.partitions": "Number of size classes beside the ground.",
    "prepare.ego_radius_m": "Points nearer than this, in metres, are left out: the own car.",
    "prepare.sensor_height_m": "Height of the sensor over the ground, in metres.",
    "prepare.intensity_scale": "Intensity is divided by it, here and before the network.",
    "prepare.units": "What is asked: clusters and cells (basal), 20 blocks, scans, VCCS segments.",
    "prepare.clusterer": "Our exact HDBSCAN, or the package of that name.",
    "rig.axes": "The file's axes that become x (ahead), y (left) and z (up), or a 3 x 3 matrix.",
    "rig.z_offset_m": "Added to z, in metres; minus its height where the ground is at z = 0.",
    "rig.ground_from_m": "Nearest range, in metres, at which points can be ground.",
    "rig.ego_box": "Points in this box are the own vehicle's: smallest and largest x, y, z.",
    "rig.drop_reflections": "Low points of little intensity are reflections, and no ground.",
    "query.strategy": "How units are chosen once a network is trained; at first it is by size.",
    "query.fraction": "Share of all training points that a round asks about; 0.01 is 1 %.",
    "train.network": "Which network learns.",
    "train.width": "Channels of the network, as a share of the published one's.",
    "train.voxel_m": "Side of a voxel, in metres: what is nearer together is one to the network.",
    "train.batch": "Scans in a step of training.",
    "train.learning_rate": "How far a step of training goes.",
    "train.first_epochs": "Passes over the training scans in the first round.",
    "train.epochs": "Passes over the training scans in each later round.",
    "train.steps": "Steps of a round's training, whatever is labelled; 0: its epochs count.",
    "train.look_every": "Steps between two looks at the validation scans in training; 0: none.",
    "train.from_scratch": "Each round trains from nothing, and not on from the last one's network.",
    "train.teacher_weight": "How much a mean teacher counts on unlabelled points; 0: no teacher.",
    "train.teacher_threshold": "Probability above which what the mean teacher says is learnt.",
    "train.teacher_decay": "What the mean teacher keeps of itself in a step; the rest it learns.",
    "train.teacher_ramp": "Steps in which the mean teacher's weight grows to its whole.",
    "train.teacher_scans": "Scans without an answer in a step, which the mean teacher labels.",
    "train.rotate": "Whether scans are turned by chance while training.",
    "train.scale_low": "Scans are scaled by chance while training, by this at least.",
    "train.scale_high": "Scans are scaled by chance while training, by this at most.",
    "train.mixed": "Half precision: on a GPU, and for detectors on a CPU that is made for it.",
    "train.threads": "Threads for training; 0 leaves one core to the window.",
    **ssal_settings.MEANINGS,
    **detect_settings.MEANINGS,
}
