"""Which half precision a machine is made for."""

from __future__ import annotations

import pytest
import torch

from models.machine import half_of

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("able", "wanted"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"arm_bf16": True}, torch.bfloat16),
        ({"avx512_f": True, "avx512_bf16": False}, None),
        ({}, None),
    ],
)
def test_a_cpu_is_made_for_bfloat16_or_for_none(able, wanted, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    assert half_of(CPU) is wanted


def test_a_torch_that_cannot_tell_is_taken_to_have_none(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert half_of(CPU) is None


def test_a_gpu_is_made_for_float16():
    assert half_of(torch.device("cuda")) is torch.float16
