"""The cell's own controller: it fires each rule once, when all that it waits for has happened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sim.spec import Rule


class Members(Protocol):
    """What moves on joints in an engine: doors, jaws of a vise, buttons. By the body's name."""

    def travel(self, body: str) -> float:
        """How far a joint has come from where the cell started [m or rad]."""
        ...

    def drive(self, body: str, position: float, force: float, speed: float) -> None:
        """A motor takes the joint to a position and holds it there."""
        ...


class Controller:
    """fired: names of the rules that have fired, in order. ValueError for a rule about a body that
    is on no joint; jointed: those that are."""

    def __init__(self, rules: Iterable[Rule], jointed: Iterable[str]) -> None:
        self._waiting = list(rules)
        self.fired: list[str] = []
        known = set(jointed)
        for rule in self._waiting:
            unknown = {*rule.when, *rule.then} - known
            if unknown:
                raise ValueError(f"rule {rule.name!r}: no joint {', '.join(sorted(unknown))}")

    def tick(self, members: Members) -> None:
        """Once a control period, before physics."""
        for rule in list(self._waiting):
            if all(_reached(members.travel(name), at) for name, at in rule.when.items()):
                self._waiting.remove(rule)
                self.fired.append(rule.name)
                for name, to in rule.then.items():
                    members.drive(name, to, rule.force, rule.speed)


def _reached(position: float, at: float) -> bool:
    return position >= at if at >= 0.0 else position <= at
