"""What each process of test_launch's gradient test runs, in float64: prints the worst error."""

from __future__ import annotations

import sys

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from models.networks import make_network
from models.sparse.kernel_map import pack
from models.sparse.layers import Levels
from models.training.group import Group
from tests.models import dense


def scan(number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sites (V, 4), features (V, 4) float64 and targets (V,), half of them ignored."""
    generator = torch.Generator().manual_seed(number)
    sites = dense.random_sites(number, count=1200 + 900 * number, extent=24, scans=1)
    features = torch.randn(len(sites), 4, generator=generator, dtype=torch.float64)
    target = torch.randint(0, 5, (len(sites),), generator=generator)
    target[torch.rand(len(sites), generator=generator) < 0.5] = 255
    return sites, features, target


def network(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    made = make_network(name, classes=5, width=0.25).double().train()
    made.dropout = torch.nn.Identity()  # a process draws its own
    return made


def main(name: str) -> None:
    dist.init_process_group("gloo")
    group = Group.current()
    ours = network(name)
    joined = group.join(ours)
    sites, features, target = scan(group.rank)
    labelled = int(group.total((target != 255).sum()))
    logits, _ = joined(features, Levels(pack(sites), 4))
    each = F.cross_entropy(logits, target, ignore_index=255, reduction="sum")
    (each * (group.size / labelled)).backward()
    if group.leads:
        both = [scan(number) for number in range(group.size)]
        whole = torch.cat([part[0] for part in both])
        whole[:, 0] = torch.repeat_interleave(
            torch.arange(group.size), torch.tensor([len(part[0]) for part in both])
        )
        alone = network(name)
        logits, _ = alone(torch.cat([p[1] for p in both]), Levels(pack(whole), 4))
        F.cross_entropy(logits, torch.cat([p[2] for p in both]), ignore_index=255).backward()
        pairs = zip(ours.parameters(), alone.parameters(), strict=True)
        # The gradient of a bias before a normalisation is zero.
        errors = [float((a.grad - b.grad).norm() / (b.grad.norm() + 1e-6)) for a, b in pairs]
        running = zip(ours.buffers(), alone.buffers(), strict=True)
        errors += [float((a - b).abs().max()) for a, b in running]
        print(max(errors))
    dist.barrier()  # one that leaves early takes the others' connection with it
    dist.destroy_process_group()


main(sys.argv[1])
