"""What the pools on other machines share: exceptions as values, and futures filled from outside."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any


class WorkerLost(Exception):
    """A worker, or the machine that it was on, ended without an answer."""


def call(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    """The result, or the exception as it is: schedulers would wrap it in one of their own."""
    try:
        return function(*args), None
    except Exception as error:
        return None, error


def fill(future: Future[Any], answer: tuple[Any, Exception | None]) -> None:
    """Hands an answer of `call` to whoever waits; too late for a cancelled future."""
    value, error = answer
    with suppress(InvalidStateError):
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
