"""The compiled convolution on processors without AVX-512: with AVX2, and with AVX alone.

numba is told the processor before it starts, so each is a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

CODE = """
import numpy as np, torch
from models.sparse import compiled, compiled_backend, torch_backend
from models.sparse.backends import check_agreement
from tests.models.sparse.cases import KINDS, case

torch.set_num_threads(1)
check_agreement(compiled_backend.conv, torch.device("cpu"))
worst = 0.0
for place, kind in enumerate(KINDS):
    maps, inputs, offsets, _ = case(kind, 5)
    for depth, width in ((8, 8), (16, 24), (32, 40), (64, 96))[place % 2 :: 2]:
        x = torch.randn(inputs, depth, requires_grad=True)
        weight = torch.randn(offsets, depth, width, requires_grad=True)
        assert compiled_backend._fits(x, weight, maps)
        both = compiled_backend.conv, torch_backend.conv
        found = [convolve(x, weight, maps) for convolve in both]
        pull = torch.randn(found[0].shape)
        ours, theirs = ((y, *torch.autograd.grad(y, (x, weight), pull)) for y in found)
        for a, b in zip(ours, theirs, strict=True):
            worst = max(worst, float(((a - b).norm() / b.norm()).detach()))
        pairs = compiled_backend._Pairs.of(maps)
        guarded = np.full((maps.output_count + 2, width), 7.5, np.float32)
        guarded[1:-1] = 0
        ends = pairs.inputs, pairs.outputs, pairs.forward, 0, len(pairs.forward) - 1
        compiled.add_products(x.detach().numpy(), weight.detach().numpy(), guarded[1:-1], *ends)
        assert (guarded[[0, -1]] == 7.5).all()
        outer = np.full((offsets + 2, depth, width), 7.5, np.float32)
        outer[1:-1] = 0
        ends = pairs.inputs, pairs.outputs, pairs.starts, 0, offsets
        compiled.add_outer(x.detach().numpy(), pull.numpy(), outer[1:-1], *ends)
        assert (outer[[0, -1]] == 7.5).all()
assembly = "".join(
    text for loop in (compiled.add_products, compiled.add_outer)
    for text in loop.inspect_asm().values()
)
print(worst, int("zmm" in assembly), int("ymm" in assembly))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="x86-64")
@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("haswell", "+avx2,+fma,-avx512f,-avx512vl"),
        ("ivybridge", "+avx,-avx2,-fma,-avx512f,-avx512vl"),
    ],
)
def test_it_agrees_and_stays_in_its_rows(name: str, features: str, tmp_path: Path):
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    worst, wide, middle = done.stdout.split()
    assert float(worst) < 1e-5
    assert (int(wide), int(middle)) == (0, 1)  # the code is of the narrow processor
