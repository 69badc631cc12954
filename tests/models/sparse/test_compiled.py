"""The compiled convolution against plain torch, for any threads, and that it stays in its rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.sparse import compiled_backend, release_buffers, torch_backend
from models.sparse.backends import FASTER, choose, first_that_agrees
from models.sparse.compiled import add_outer, add_products
from models.sparse.kernel_map import KernelMap, down_map, pack, strided_map, submanifold_map
from tests.models import dense
from tests.models.sparse.cases import KINDS, case, rel

CHANNELS = (8, 16, 24, 32, 40, 64, 96)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    release_buffers()
    torch.set_num_threads(before)


def random_map(generator: torch.Generator) -> KernelMap:
    """Of one voxel up to some hundreds, in up to three scans, of any of the kinds."""

    def number(most: int) -> int:
        return int(torch.randint(most, (1,), generator=generator))

    count, extent = (1, 12, 150, 700)[number(4)], (2, 5, 12, 40)[number(4)]
    sites = torch.randint(0, extent, (count, 4), generator=generator)
    sites[:, 0] %= 1 + number(3)
    keys = pack(torch.unique(sites, dim=0))
    kind = number(4)
    if kind == 0:
        return submanifold_map(keys)
    if kind == 1:
        return strided_map(keys)[1]
    return down_map(keys)[1] if kind == 2 else down_map(keys)[1].transposed()


def results(convolve, x, weight, kernel_map: KernelMap, pull) -> tuple[torch.Tensor, ...]:
    """Values, and gradients of the weight and, where it asks for one, of x."""
    y = convolve(x, weight, kernel_map)
    return (y, *torch.autograd.grad(y, [w for w in (weight, x) if w.requires_grad], pull))


@pytest.mark.parametrize("seed", range(150))
def test_random_maps_agree_with_plain_torch(seed: int, threads):
    threads(1 + seed % 3)
    generator = torch.Generator().manual_seed(seed)
    kernel_map = random_map(generator)
    first = seed % 10 == 0  # as a network's first layer: four channels, no gradient of them
    depth, width = 4 if first else CHANNELS[seed % 7], CHANNELS[seed // 7 % 7]
    x = torch.randn(kernel_map.input_count, depth, generator=generator)
    weight = torch.randn(len(kernel_map.sizes), depth, width, generator=generator)
    x.requires_grad_(not first)
    weight.requires_grad_()
    assert compiled_backend._fits(x, weight, kernel_map)
    pull = torch.randn(kernel_map.output_count, width, generator=generator)
    ours = results(compiled_backend.conv, x, weight, kernel_map, pull)
    theirs = results(torch_backend.conv, x, weight, kernel_map, pull)
    for found, wanted in zip(ours, theirs, strict=True):
        assert found.shape == wanted.shape
        error, size = ((a.detach().abs().max()) for a in (found - wanted, wanted))
        assert float(error) <= 1e-5 * max(float(size), 1)
        assert float((found - wanted).detach().norm()) <= 2e-6 * float(wanted.detach().norm())


@pytest.mark.parametrize("kind", KINDS)
def test_the_dense_convolution_and_its_gradients(kind: str):
    maps, inputs, offsets, reference = case(kind, 1)
    x = torch.randn(inputs, 16, requires_grad=True)
    weight = torch.randn(offsets, 16, 24, requires_grad=True)
    x64, weight64 = (t.detach().double().requires_grad_() for t in (x, weight))
    wanted = reference(x64, weight64)
    pull = torch.randn(wanted.shape)
    right = (wanted, *torch.autograd.grad(wanted, (weight64, x64), pull.double()))
    for a, b in zip(results(compiled_backend.conv, x, weight, maps, pull), right, strict=True):
        assert rel(a, b) < 1e-6


def test_any_number_of_threads_gives_the_same_bits(threads):
    keys = pack(dense.random_sites(4, count=9000, extent=40))
    maps = (submanifold_map(keys), down_map(keys)[1], down_map(keys)[1].transposed())
    for kernel_map in maps:
        assert kernel_map.output_count > 2 * compiled_backend._TILE or kernel_map is maps[1]
        x = torch.randn(kernel_map.input_count, 32, requires_grad=True)
        weight = torch.randn(len(kernel_map.sizes), 32, 40, requires_grad=True)
        pull = torch.randn(kernel_map.output_count, 40)
        found = []
        for count in (1, 2, 7, 1):
            threads(count)
            found.append(results(compiled_backend.conv, x, weight, kernel_map, pull))
        for other in found[1:]:
            assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize(("depth", "width"), [(4, 8), (8, 24), (12, 56), (64, 96)])
def test_no_row_beside_is_touched(depth: int, width: int):
    """The loops check no bounds: rows before and after what they may write stay as they are."""
    rng = np.random.default_rng(depth)
    maps, inputs, offsets, _ = case("down" if width == 24 else "within", 3)
    pairs = compiled_backend._Pairs.of(maps)
    x = rng.normal(size=(inputs, depth)).astype(np.float32)
    guarded = np.full((maps.output_count + 2, width), 7.5, np.float32)
    guarded[1:-1] = 0
    weight = rng.normal(size=(offsets, depth, width)).astype(np.float32)
    tiles = len(pairs.forward) - 1
    add_products(x, weight, guarded[1:-1], pairs.inputs, pairs.outputs, pairs.forward, 0, tiles)
    assert (guarded[[0, -1]] == 7.5).all()
    fed = np.isin(np.arange(maps.output_count), pairs.outputs)
    assert ((guarded[1:-1] == 0).all(axis=1) == ~fed).all()
    outer = np.full((offsets + 2, depth, width), 7.5, np.float32)
    outer[1:-1] = 0
    gradient = rng.normal(size=(maps.output_count, width)).astype(np.float32)
    ends = pairs.inputs, pairs.outputs, pairs.starts, 0, offsets
    add_outer(x, gradient, outer[1:-1], *ends)
    assert (outer[[0, -1]] == 7.5).all()
    assert ((outer[1:-1] == 0).all(axis=(1, 2)) == (np.diff(pairs.starts) == 0)).all()


def unfit() -> dict[str, tuple]:
    maps, inputs, offsets, _ = case("within", 2)

    def arrays(depth: int, width: int, kind=torch.float32):
        x = torch.randn(inputs, depth, dtype=kind, requires_grad=True)
        return x, torch.randn(offsets, depth, width, dtype=kind, requires_grad=True)

    falling = KernelMap(
        maps.inputs.flip(0), maps.outputs.flip(0), maps.sizes[::-1], maps.center,
        submanifold_map(pack(torch.zeros(1, 4, dtype=torch.int64))).forward,
        submanifold_map(pack(torch.zeros(1, 4, dtype=torch.int64))).backward,
        inputs, inputs,
    )  # fmt: skip
    return {
        "five channels": (*arrays(5, 8), maps),
        "four channels with a gradient": (*arrays(4, 8), maps),
        "channels out": (*arrays(8, 12), maps),
        "double": (*arrays(8, 8, torch.float64), maps),
        "half": (*arrays(8, 8, torch.bfloat16), maps),
        "falling pairs": (*arrays(8, 8), falling),
    }


@pytest.mark.parametrize("what", sorted(unfit()))
def test_what_does_not_fit_is_left_to_plain_torch(what: str, monkeypatch):
    x, weight, kernel_map = unfit()[what]
    asked = []
    monkeypatch.setattr(torch_backend, "conv", lambda *given: asked.append(given) or x)
    compiled_backend.conv(x, weight, kernel_map)
    assert len(asked) == 1


@pytest.mark.parametrize("turned", ["x", "weight", "gradient"])
def test_strides_do_not_matter(turned: str):
    maps, inputs, offsets, _ = case("within", 2)
    x = torch.randn(16, inputs).t() if turned == "x" else torch.randn(inputs, 16)
    weight = torch.randn(offsets, 16, 24)
    if turned == "weight":
        weight = torch.randn(24, offsets, 16).permute(1, 2, 0)
    pull = torch.randn(24, inputs).t() if turned == "gradient" else torch.randn(inputs, 24)
    x.requires_grad_()
    weight.requires_grad_()
    ours = results(compiled_backend.conv, x, weight, maps, pull)
    theirs = results(torch_backend.conv, x, weight, maps, pull)
    assert all(rel(a, b) < 1e-6 for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_it_is_chosen_on_a_cpu_whoever_asks_first(mode):
    with mode():
        found = first_that_agrees(FASTER["cpu"], torch.device("cpu"))
    assert (found.name, found.passed_over) == ("compiled", ())
    assert choose("cpu").name == "compiled"
    assert first_that_agrees((), torch.device("cpu")).name == "torch"
