"""Where our configs are: beside our code, whatever folder `conf` the current one holds."""

from __future__ import annotations

from pathlib import Path

CONF = Path(__file__).absolute().parents[2] / "conf"
