"""Backends: each agrees with plain torch or is passed over, with the reason."""

from __future__ import annotations

import os
import subprocess
import sys
import types

import pytest
import torch

from models.networks import NETWORKS, make_network
from models.sparse import backends, conv, layers, torch_backend
from models.sparse.backends import check_agreement, first_that_agrees
from models.sparse.kernel_map import KernelMap, pack
from models.sparse.layers import Levels
from tests.models import dense
from tests.models.sparse.cases import KINDS, case, rel
from tests.models.sparse.spconv_reference import spconv_conv
from tests.places import ROOT

CPU = torch.device("cpu")


def module(monkeypatch, name: str, convolve) -> None:
    fake = types.ModuleType(f"models.sparse.{name}_backend")
    fake.conv = convolve
    monkeypatch.setitem(sys.modules, fake.__name__, fake)


def mirrored(x: torch.Tensor, weight: torch.Tensor, kernel_map: KernelMap) -> torch.Tensor:
    """A backend with another kernel layout."""
    return torch_backend.conv(x, weight.flip(0), kernel_map)


def test_the_first_that_agrees_is_taken(monkeypatch):
    def right(x, weight, kernel_map):
        return torch_backend.conv(x, weight, kernel_map)

    def broken(x, weight, kernel_map):
        raise RuntimeError("no kernel image\nfor this device")

    module(monkeypatch, "spconv_triton", broken)
    module(monkeypatch, "torchsparse", right)
    found = first_that_agrees(backends.FASTER["cuda"], CPU)
    assert found.name == "torchsparse"
    assert found.conv is right
    assert found.passed_over == ("spconv_triton (RuntimeError: no kernel image",)


def test_one_of_another_layout_is_passed_over(monkeypatch):
    module(monkeypatch, "spconv_triton", mirrored)
    monkeypatch.setitem(sys.modules, "torchsparse", None)
    monkeypatch.delitem(sys.modules, "models.sparse.torchsparse_backend", raising=False)
    found = first_that_agrees(backends.FASTER["cuda"], CPU)
    assert found.name == "torch"
    first, second = found.passed_over
    assert "its values within a level differ by 1" in first
    assert second == "torchsparse (torchsparse is not installed)"


def test_wrong_gradients_are_found():
    def convolve(x, weight, kernel_map):
        y = torch_backend.conv(x, weight.detach(), kernel_map)
        return y + 0 * (weight - weight.detach()).sum()

    with pytest.raises(ValueError, match="weight gradients within a level differ"):
        check_agreement(convolve, CPU)


def test_one_that_is_wrong_for_few_channels_is_found():
    """A network begins with four."""

    def convolve(x, weight, kernel_map):
        y = torch_backend.conv(x, weight, kernel_map)
        return y if x.shape[1] % 16 == 0 else y + y.detach().roll(1, 0)

    with pytest.raises(ValueError, match=r"within a level differ by .* \(4 channels, float32\)"):
        check_agreement(convolve, CPU)


def test_one_that_is_wrong_in_half_precision_alone_is_found_where_training_is_mixed(monkeypatch):
    def convolve(x, weight, kernel_map):
        y = torch_backend.conv(x, weight, kernel_map)
        return y * 1.01 if x.dtype == torch.float16 else y

    check_agreement(convolve, CPU)
    monkeypatch.setattr(backends, "_MIXED_ON", ("cpu",))
    check_agreement(torch_backend.conv, CPU)
    with pytest.raises(ValueError, match=r"differ by 1.*e-02 \(4 channels, float16\)"):
        check_agreement(convolve, CPU)


def test_half_precision_is_near_and_trains():
    maps, inputs, offsets, _ = case("within", 1)
    x = torch.randn(inputs, 16, requires_grad=True)
    weight = torch.randn(offsets, 16, 24, requires_grad=True)
    wanted = conv(x, weight, maps)
    pull = torch.randn_like(wanted)
    right = torch.autograd.grad(wanted, (x, weight), pull)
    with torch.autocast("cpu", torch.bfloat16):
        found = conv(x, weight, maps)
    assert found.dtype == torch.bfloat16
    half = torch.autograd.grad(found, (x, weight), pull.bfloat16())
    for a, b in zip((found, *half), (wanted, *right), strict=True):
        assert rel(a.float(), b) < 0.02
    assert [g.dtype for g in half] == [torch.float32, torch.float32]


# -- torchsparse: its gather-scatter function, written as a loop ----------------------------------


def gather_scatter(x, weight, table, config, transposed):
    """What the compiled function computes (torchsparse 2.1, gather_scatter.py): the middle offset
    of an odd kernel is the identity where the counts of inputs and outputs are equal."""
    assert not transposed
    inputs, outputs = table["sizes"]
    y = x.new_zeros(outputs, weight.shape[2])
    middle = len(weight) // 2 if len(weight) % 2 and inputs == outputs else None
    start = 0
    for k, size in enumerate(table["nbsizes"].tolist()):
        pairs = table["nbmaps"][start : start + size].long()
        start += size
        if k == middle:
            y = y + x @ weight[k]
        else:
            y = y.index_add(0, pairs[:, 1], x[pairs[:, 0]] @ weight[k])
    assert start == len(table["nbmaps"])
    return y


@pytest.fixture
def torchsparse(monkeypatch):
    """Our adapter over a package that has what the adapter asks for."""
    top = types.ModuleType("torchsparse")
    top.backend = types.ModuleType("torchsparse.backend")
    top.backend.build_mask_from_kmap = lambda *_: (torch.zeros(0), torch.zeros(0))
    monkeypatch.setitem(sys.modules, "torchsparse", top)
    monkeypatch.setitem(sys.modules, "torchsparse.backend", top.backend)
    name = "torchsparse.nn.functional.conv.func.gather_scatter"
    function = types.ModuleType(name)
    function.GatherScatterConvolutionFuntion = types.SimpleNamespace(apply=gather_scatter)
    parts = name.split(".")
    for end in range(2, len(parts)):
        monkeypatch.setitem(
            sys.modules, ".".join(parts[:end]), types.ModuleType(".".join(parts[:end]))
        )
    monkeypatch.setitem(sys.modules, name, function)
    monkeypatch.delitem(sys.modules, "models.sparse.torchsparse_backend", raising=False)
    from models.sparse import torchsparse_backend

    yield torchsparse_backend
    sys.modules.pop("models.sparse.torchsparse_backend", None)


@pytest.mark.parametrize("kind", KINDS)
def test_torchsparse_gets_the_pairs_it_expects(kind: str, torchsparse):
    maps, inputs, offsets, _ = case(kind, 3)
    x, weight = torch.randn(inputs, 5), torch.randn(offsets, 5, 7)
    assert rel(torchsparse.conv(x, weight, maps), torch_backend.conv(x, weight, maps)) < 1e-6
    check_agreement(torchsparse.conv, CPU)


# -- spconv-triton: its own kernels, run by Triton's interpreter ----------------------------------

INTERPRETED = """
import torch
from spconv_triton.pytorch._impl import gemm
torch.Tensor.is_cuda = property(lambda self: True)
gemm._multiprocessor_count = lambda device: 16
for kernel in (gemm._gather_gemm_kernel, gemm._dweight_masked_kernel):
    kernel.configs = kernel.configs[:1]  # choosing the fastest needs a GPU
from models.sparse import backends, spconv_triton_backend, torch_backend
from tests.models.sparse.cases import case, rel
for kind in ("within", "strided", "down", "up"):
    maps, inputs, offsets, _ = case(kind, 1)
    x = torch.randn(inputs, 16, requires_grad=True)
    weight = torch.randn(offsets, 16, 24, requires_grad=True)
    results = []
    for convolve in (spconv_triton_backend.conv, torch_backend.conv):
        y = convolve(x, weight, maps)
        pull = torch.ones_like(y).cumsum(1)
        results.append((y, *torch.autograd.grad(y, (x, weight), pull)))
    for a, b in zip(*results):
        assert rel(a, b) < 1e-6, kind
backends.check_agreement(spconv_triton_backend.conv, torch.device("cpu"))
"""


def test_spconv_triton_agrees_by_its_own_kernels():
    pytest.importorskip("triton", reason="pip install triton to run the kernels of spconv-triton")
    pytest.importorskip("spconv_triton", reason="pip install spconv-triton to test it")
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED],
        cwd=ROOT,
        env={**os.environ, "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# -- spconv: an independent implementation, forward only on a CPU ---------------------------------


@pytest.mark.parametrize("name", sorted(NETWORKS))
@torch.inference_mode()
def test_whole_networks_agree_with_spconv(name: str, monkeypatch):
    pytest.importorskip("spconv", reason="pip install 'spconv<2.4' 'cumm<0.8' to compare with it")
    torch.manual_seed(3)
    network = make_network(name, classes=19, width=0.25).eval()
    sites = dense.random_sites(1, count=4000, extent=40)
    levels = Levels(pack(sites), 4)
    x = torch.randn(len(sites), 4)
    ours = network(x, levels)
    monkeypatch.setattr(layers, "conv", spconv_conv)
    theirs = network(x, levels)
    for a, b in zip(ours, theirs, strict=True):
        assert rel(a, b) < 1e-5
        assert float((a - b).abs().max()) < 1e-5 * float(b.abs().max())
