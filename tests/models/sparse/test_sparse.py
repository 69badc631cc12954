"""Sparse convolution against dense convolution in float64, and kernel maps against dictionaries."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from models.sparse import conv, release_buffers, torch_backend
from models.sparse.kernel_map import (
    MAX_EXTENT,
    down_map,
    pack,
    strided_map,
    submanifold_map,
    unpack,
)
from tests.models import dense
from tests.models.sparse.cases import KINDS, case, rel


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_convolution_and_its_gradients_are_the_dense_ones(kind: str, seed: int):
    maps, inputs, offsets, reference = case(kind, seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(inputs, 5, generator=generator, requires_grad=True)
    weight = torch.randn(offsets, 5, 7, generator=generator, requires_grad=True)
    y = conv(x, weight, maps)
    pull = torch.randn(y.shape, generator=generator)
    dx, dw = torch.autograd.grad(y, (x, weight), pull)
    x64 = x.detach().double().requires_grad_()
    weight64 = weight.detach().double().requires_grad_()
    wanted = reference(x64, weight64)
    wanted_dx, wanted_dw = torch.autograd.grad(wanted, (x64, weight64), pull.double())
    assert y.shape == wanted.shape
    for found, right in ((y, wanted), (dx, wanted_dx), (dw, wanted_dw)):
        assert rel(found, right) < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_differences(kind: str):
    maps, inputs, offsets, _ = case(kind, 5)
    x = torch.randn(inputs, 2, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(offsets, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, w: conv(x, w, maps), (x, weight))


def test_the_same_call_gives_the_same_bits():
    maps, inputs, offsets, _ = case("within", 1)
    x, weight = torch.randn(inputs, 16), torch.randn(offsets, 16, 24)
    first = conv(x, weight, maps)
    conv(torch.randn(inputs, 16), torch.randn(offsets, 16, 24), maps)  # other use of the buffers
    assert torch.equal(first, conv(x, weight, maps))


def test_scoring_then_training_on_one_thread_share_buffers():
    maps, inputs, offsets, _ = case("within", 2)
    release_buffers()
    with torch.inference_mode():
        conv(torch.randn(inputs, 8), torch.randn(offsets, 8, 8), maps)
    weight = torch.randn(offsets, 8, 8, requires_grad=True)
    conv(torch.randn(inputs, 8), weight, maps).sum().backward()
    assert weight.grad is not None


def test_buffers_of_a_thread_that_lives_on_are_given_back():
    """On CUDA what is backward runs in a thread of autograd's own."""
    maps, inputs, offsets, _ = case("within", 2)
    with ThreadPoolExecutor(1) as other:
        x, weight = torch.randn(inputs, 8), torch.randn(offsets, 8, 8)
        other.submit(torch_backend.conv, x, weight, maps).result()
        buffers = other.submit(lambda: torch_backend._workspace.take("pairs", 1, 1, x)).result()
        kept = weakref.ref(buffers._base)
        del buffers
        gc.collect()
        assert kept() is not None
        release_buffers()
        gc.collect()
        assert kept() is None
        wanted = torch_backend.conv(x, weight, maps)
        assert torch.equal(other.submit(torch_backend.conv, x, weight, maps).result(), wanted)


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_are_those_of_a_dictionary(seed: int):
    sites = dense.random_sites(seed, count=150, extent=6)
    assert dense.pairs_of(submanifold_map(pack(sites))) == dense.submanifold_pairs(sites)


@pytest.mark.parametrize("kind", KINDS)
def test_sums_find_each_pair_once_by_its_output_and_by_its_input(kind: str):
    maps, _, _, _ = case(kind, 6)
    for (order, starts), index in (
        (maps.forward.found, maps.outputs),
        (maps.backward.found, maps.inputs),
    ):
        assert sorted(order.tolist()) == list(range(len(index)))
        for group in range(len(starts) - 1):
            members = order[starts[group] : starts[group + 1]]
            assert set(index[members].tolist()) <= {group}


def test_one_voxel_has_only_itself():
    maps = submanifold_map(pack(torch.tensor([[0, 3, 0, 9]])))
    assert dense.pairs_of(maps) == {(13, 0, 0)}


def test_scans_of_a_batch_are_no_neighbours():
    edge = torch.tensor([[0, MAX_EXTENT, MAX_EXTENT, MAX_EXTENT], [1, 0, 0, 0]])
    assert dense.pairs_of(submanifold_map(pack(edge))) == {(13, 0, 0), (13, 1, 1)}


def test_each_child_has_one_parent_at_half_its_place():
    sites = dense.random_sites(3)
    parents, maps = down_map(pack(sites))
    found = unpack(parents)
    wanted = sorted({(b, x // 2, y // 2, z // 2) for b, x, y, z in sites.tolist()})
    assert [tuple(site) for site in found.tolist()] == wanted
    for k, child, parent in dense.pairs_of(maps):
        b, x, y, z = sites[child].tolist()
        assert found[parent].tolist() == [b, x // 2, y // 2, z // 2]
        assert k == 4 * (x % 2) + 2 * (y % 2) + z % 2
    assert sum(maps.sizes) == len(sites)


def test_a_strided_convolution_reaches_every_site_it_can():
    sites = dense.random_sites(4)
    found, _ = strided_map(pack(sites))
    assert [tuple(site) for site in unpack(found).tolist()] == dense.strided_sites(sites)


def test_keys_come_back_as_coordinates_in_the_same_order():
    sites = dense.random_sites(7)
    keys = pack(sites)
    assert torch.equal(unpack(keys), sites)
    assert bool((keys.diff() > 0).all())
