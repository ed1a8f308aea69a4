"""Tools, found by kind. A new kind is a file here and a line below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.robots.fields import Fields
from sim.robots.tools.base import Tool
from sim.robots.tools.cups import Cups
from sim.robots.tools.jaws import Jaws
from sim.robots.tools.nozzle import Nozzle

KINDS: Mapping[str, Callable[[Fields], Tool]] = {
    Jaws.kind: Jaws.read,
    Cups.kind: Cups.read,
    Nozzle.kind: Nozzle.read,
}
