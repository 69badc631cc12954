"""Prints the table of docs/rigs.md: ground found on rigs of all kinds, before and after the guess.

Run it as `python -m tests.benchmarks.rigs`.
"""

from __future__ import annotations

from tests.rigs import RIGS, before_and_after

if __name__ == "__main__":
    for name in RIGS:
        before, after = before_and_after(name)
        print(f"| {name} | {before.recall:.1%} | {after.recall:.1%} | {after.wrong:.1%} |")
