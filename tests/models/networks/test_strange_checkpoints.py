"""Checkpoints that anybody may have made: refused in one sentence, on the way that scoring takes.

A dozen variants of each kind; so are those of a training's state, on the way that training takes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial as later
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core.base.errors import ProjectError
from core.base.settings import load_preset
from core.data.class_rows import ClassRow, to_class_list
from models.networks import checkpoint, make_network
from models.score import Scorer, Trained

NAMES = ("car", "road", "pole")
CLASSES = to_class_list(
    "mine", [ClassRow(n, f"#0000{p:02x}", str(p), p) for p, n in enumerate(NAMES, start=1)]
)
SETTINGS = replace(load_preset("laptop").train, network="minkunet", width=0.125)
ABOUT = asdict(
    checkpoint.About(
        network="minkunet", width=0.125, voxel_m=0.2, classes=NAMES, seed=1, epoch=4, step=2,
        batch=1, torch=torch.__version__, threads=1, training="abc", backend="torch",
    )
)  # fmt: skip
KINDS = {
    torch.float32: "F32", torch.int64: "I64", torch.float64: "F64", torch.float16: "F16",
    torch.bfloat16: "BF16", torch.int32: "I32", torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
torch.manual_seed(1)
WHOLE = {
    f"model.{name}": tensor.clone()
    for name, tensor in make_network("minkunet", classes=3, width=0.125).state_dict().items()
}
# A dozen of all layers: kernels, normalisations, their counts, the classifier.
SOME = tuple(sorted(WHOLE)[:: len(WHOLE) // 11])
assert len(SOME) >= 12


def packed(tensors: Mapping[str, Tensor], of: Any = ABOUT, **changes: Any) -> bytes:
    """A safetensors file by hand; `changes` replace parts of its header."""
    header: dict[str, Any] = {"__metadata__": {"lidarloop": json.dumps(of)}}
    data, at = [], 0
    for name, tensor in tensors.items():
        raw = (
            tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            if tensor.numel()
            else b""
        )
        shape = list(tensor.shape)
        header[name] = {
            "dtype": KINDS[tensor.dtype], "shape": shape, "data_offsets": [at, at + len(raw)],
        }  # fmt: skip
        data.append(raw)
        at += len(raw)
    text = json.dumps({**header, **changes}).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data)


def scored_by(path: Path) -> Scorer:
    return Scorer.load(Trained.check(path, CLASSES, SETTINGS))


def test_the_one_made_by_hand_is_scored_by(tmp_path: Path):
    path = tmp_path / "c.safetensors"
    path.write_bytes(packed(WHOLE))
    assert scored_by(path).voxel_m == 0.2


def test_what_a_later_program_adds_is_passed_over(tmp_path: Path):
    path = tmp_path / "c.safetensors"
    path.write_bytes(packed({**WHOLE, "run.seen": torch.zeros(3)}, {**ABOUT, "coat": "red"}))
    scored_by(path)


Variants = dict[str, Callable[[], bytes]]  # made when they are tried: together they are large


def with_changed(change: Callable[[Tensor], Tensor], *names: str) -> Variants:
    return {name: later(packed, {**WHOLE, name: change(WHOLE[name])}) for name in names}


def shapes() -> Variants:
    found = with_changed(lambda t: torch.zeros(3, 5, 7), *SOME)
    kernel, bias = "model.stage1.1.net.0.kernel", "model.classifier.0.bias"
    for what, change in {
        "flat": lambda t: t.flatten(),
        "turned": lambda t: t.transpose(0, 1),
        "empty": lambda t: t[:0],
        "one": lambda t: t.flatten()[:1].reshape(()),
        "more": lambda t: torch.cat([t, t]),
        "as doubles": lambda t: t.double(),
        "as halves": lambda t: t.half(),
        "as brain halves": lambda t: t.bfloat16(),
        "as whole numbers": lambda t: t.long(),
    }.items():
        found[f"kernel {what}"] = later(packed, {**WHOLE, kernel: change(WHOLE[kernel])})
    found["more classes"] = later(packed, {**WHOLE, bias: torch.zeros(4)})
    return found


def missing() -> Variants:
    found: Variants = {
        name: later(packed, {other: t for other, t in WHOLE.items() if other != name})
        for name in SOME
    }
    found["all"] = later(packed, {})
    found["half"] = later(packed, dict(list(WHOLE.items())[::2]))
    found["prefix"] = later(packed, {name.removeprefix("model."): t for name, t in WHOLE.items()})
    return found


def extra() -> Variants:
    one = torch.zeros(2)
    names = (
        "model.", "model.x", "model.stage9.0.kernel", "model.STEM.0.kernel", "model.model.stem",
        "model.0", "model.classifier.1.weight", "model.\u00e4", "model. ", "model.../../x",
        "model.stem.0.kernel.kernel", "model." + "x" * 5000,
    )  # fmt: skip
    return {name[:40]: later(packed, {**WHOLE, name: one}) for name in names}


def no_numbers() -> Variants:
    found: Variants = {}
    kinds = (float("nan"), float("inf"), float("-inf"))
    floats = [name for name in sorted(WHOLE) if WHOLE[name].is_floating_point()]
    for place, name in enumerate(floats[:: len(floats) // 11]):
        value = WHOLE[name].clone()
        value.view(-1)[place % value.numel()] = kinds[place % 3]
        found[f"{name} {kinds[place % 3]}"] = later(packed, {**WHOLE, name: value})
    for name in [name for name in WHOLE if name.endswith("running_var")][:3]:
        found[f"{name} below 0"] = later(packed, {**WHOLE, name: -WHOLE[name]})
    return found


def class_lists() -> Variants:
    lists: tuple[Any, ...] = (
        (), ("car",) * 3, ("road", "car", "pole"), ("car", "road", "tree"), (*NAMES, "tree"),
        ("Car", "road", "pole"), ("car ", "road", "pole"), ("", "", ""), (1, 2, 3),
        (None, "road", "pole"), (["car"], "road", "pole"), ("x" * 200_000, "road", "pole"),
        "car", 7, None, {"car": 1}, (True, False, True),
    )  # fmt: skip
    return {
        f"{n} {str(names)[:30]}": later(packed, WHOLE, {**ABOUT, "classes": names})
        for n, names in enumerate(lists)
    }


def headers() -> Variants:
    whole = packed(WHOLE)
    lengths = (0, 1, 7, 2**24 + 1, 2**31 - 1, 2**31, 2**32, 2**40, 2**63 - 1, 2**63, 2**64 - 1)
    found: Variants = {
        f"length {n}": later((struct.pack("<Q", n)).__add__, whole[8:]) for n in lengths
    }
    many = {f"t{n}": torch.zeros(0) for n in range(30_000)}
    found["many tensors"] = later(packed, {**WHOLE, **many})
    found["a long description"] = later(packed, WHOLE, {**ABOUT, "torch": "x" * 2_000_000})
    deep = {"lidarloop": "[" * 100_000}
    for what, value in {
        "no metadata": {}, "deep": deep, "no text": {"lidarloop": 5}, "null": {"lidarloop": "null"},
        "a list": {"lidarloop": "[]"}, "a text": {"lidarloop": '"x"'}, "not": {"lidarloop": "{"},
        "nan": {"lidarloop": "NaN"},
    }.items():  # fmt: skip
        found[what] = later(packed, WHOLE, __metadata__=value)
    for what, value in {
        "a hole": {"dtype": "F32", "shape": [2], "data_offsets": [10**9, 10**9 + 8]},
        "a wide one": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 8]},
        "an unknown type": {"dtype": "F7", "shape": [2], "data_offsets": [0, 8]},
        "a length below 0": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        "turned ends": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]},
    }.items():
        found[what] = later(packed, WHOLE, **{SOME[0]: value})
    return found


def cut() -> Variants:
    whole = packed(WHOLE)
    places = (0, 1, 7, 8, 9, 100, 5000, len(whole) // 3, len(whole) // 2, -4097, -100, -8, -1)
    found: Variants = {f"to {place}": later(whole.__getitem__, slice(place)) for place in places}
    return found | {"longer": later(whole.__add__, b"\0" * 64)}


def descriptions() -> Variants:
    values: dict[str, tuple[Any, ...]] = {
        "width": (float("nan"), float("inf"), 0, -0.125, "0.125", None, [0.125], 1e300),
        "voxel_m": (float("nan"), float("-inf"), 0, -0.2, "0.2", None),
        "epoch": (-1, 1.5, "4", None), "step": (-1, True), "batch": (-1, []), "seed": ("x",),
        "network": ("spvcnn", "../x", 5, None, "x" * 100_000), "threads": ("1",),
        "training": (5,), "torch": (None,), "backend": (5, None), "version": ("1", None, 2, 1e9),
    }  # fmt: skip
    found: Variants = {
        f"{key} {str(value)[:20]}": later(packed, WHOLE, {**ABOUT, key: value})
        for key, some in values.items()
        for value in some
    }
    for key in ("network", "width", "voxel_m", "classes", "epoch", "training"):
        found[f"no {key}"] = later(packed, WHOLE, {k: v for k, v in ABOUT.items() if k != key})
    return found


VARIANTS = [
    pytest.param(make, id=f"{kind.__name__}: {what}", marks=[pytest.mark.slow] * (place % 4 > 0))
    for kind in (shapes, missing, extra, no_numbers, class_lists, headers, cut, descriptions)
    for place, (what, make) in enumerate(kind().items())
]


@pytest.mark.parametrize("known", [None, 3])
@pytest.mark.parametrize("what", ["kernel", "classifier", "normalisation"])
def test_no_weight_is_made_up_where_the_file_has_fewer(what: str, known: int | None):
    """Only those of classes that were added behind the checkpoint's may stay as they began."""
    name = {
        "kernel": "model.stage1.1.net.0.kernel",
        "classifier": "model.classifier.0.weight",
        "normalisation": "model.stem.1.weight",
    }[what]
    assert len(WHOLE[name]) > 2
    tensors = {**WHOLE, name: WHOLE[name][:2]}
    network = make_network("minkunet", classes=4, width=0.125)
    with pytest.raises(ProjectError, match=f"{name.removeprefix('model.')} for one|another shape"):
        checkpoint.load_network(network, tensors, known=known)


@pytest.mark.parametrize("make", VARIANTS)
def test_it_is_refused_in_a_sentence(make: Callable[[], bytes], tmp_path: Path):
    path, data = tmp_path / "c.safetensors", make()
    path.write_bytes(data)
    with pytest.raises(ProjectError) as caught:
        scored_by(path)
    one_sentence(caught.value)
    assert path.read_bytes() == data


def one_sentence(error: ProjectError) -> None:
    assert error.what.endswith(".")
    assert error.do.endswith(".")
    assert "\n" not in f"{error.what}{error.do}"
    assert len(error.what) < 1000


STATE = {
    f"adam.0.{key}": value
    for key, value in {
        "step": torch.tensor(3.0), "exp_avg": torch.zeros(4, 8), "exp_avg_sq": torch.ones(4, 8),
    }.items()
}  # fmt: skip


def states() -> dict[str, dict[str, Tensor]]:
    def with_one(key: str, value: Tensor) -> dict[str, Tensor]:
        return {**STATE, f"adam.0.{key}": value}

    return {
        "no step": {k: v for k, v in STATE.items() if "step" not in k},
        "no mean": {k: v for k, v in STATE.items() if not k.endswith("exp_avg")},
        "no square": {k: v for k, v in STATE.items() if "sq" not in k},
        "a mean of another shape": with_one("exp_avg", torch.zeros(8, 4)),
        "a square of another shape": with_one("exp_avg_sq", torch.ones(4)),
        "both of another": {
            **with_one("exp_avg", torch.zeros(8)), "adam.0.exp_avg_sq": torch.ones(8),
        },
        "many steps": with_one("step", torch.ones(3)),
        "no steps at all": with_one("step", torch.ones(0)),
        "a step below 0": with_one("step", torch.tensor(-1.0)),
        "a square below 0": with_one("exp_avg_sq", -torch.ones(4, 8)),
        "a mean of whole numbers": with_one("exp_avg", torch.zeros(4, 8).long()),
        "a square of halves": with_one("exp_avg_sq", torch.ones(4, 8).half()),
        "a weight that is none": {**STATE, "adam.7.step": torch.tensor(1.0)},
        "a weight that is no number": {**STATE, "adam.x.step": torch.tensor(1.0)},
        "a weight below 0": {f"adam.-9.{k[7:]}": v for k, v in STATE.items()},
    }  # fmt: skip


@pytest.mark.parametrize("what", sorted(states()))
def test_a_state_of_the_optimiser_is_refused_in_a_sentence(what: str):
    weight = torch.nn.Parameter(torch.zeros(4, 8))
    with pytest.raises(ProjectError) as caught:
        checkpoint.load_optimiser(torch.optim.Adam([weight]), states()[what])
    one_sentence(caught.value)


@pytest.mark.parametrize("key", ["exp_avg", "exp_avg_sq", "step"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_state_of_no_numbers_is_refused_as_a_file(key: str, value: float, tmp_path: Path):
    path = tmp_path / "training.safetensors"
    name = f"adam.0.{key}"
    path.write_bytes(packed({**WHOLE, **STATE, name: torch.full_like(STATE[name], value)}))
    with pytest.raises(ProjectError, match=f"{name} is not finite"):
        checkpoint.read(path)
