"""Where the project lies, and the real scans beside it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAIN = ROOT / "main.py"
SAMPLES = ROOT.parent / "shared" / "data"
