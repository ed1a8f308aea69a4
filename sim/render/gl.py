"""One OpenGL context for this process, made without a display; and whether there can be one."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from typing import Any

import moderngl

from episodes import children
from episodes.errors import NeedsFreshProcess, UserError

INSTALL = "on Debian or Ubuntu: apt-get install libegl1 libgl1-mesa-dri"


class GraphicsLost(NeedsFreshProcess):
    """The context broke in mid-run; a fresh process may do better."""


@lru_cache(maxsize=1)
def available() -> tuple[bool, str]:
    """Whether a context can be made and draws, and on what; or why not and what to install.

    Tried in a process of its own: a driver at fault may end the process that calls it.
    """
    try:
        done = subprocess.run(
            children.command("from sim.render import gl; gl.probe()"),
            env=children.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, f"OpenGL could not be tried ({type(error).__name__}); {INSTALL}"
    if done.returncode == 0 and done.stdout.strip():
        return True, done.stdout.strip().splitlines()[-1]
    said = done.stderr.strip().splitlines()
    why = said[-1] if said and done.returncode > 0 else f"ended with {done.returncode}"
    return False, f"no OpenGL without a display ({why}); {INSTALL}"


def probe() -> None:
    """Draws one pixel of integers and prints the driver's name; any failure is an exception."""
    context = _create()
    program = context.program(
        vertex_shader="#version 420\nvoid main() { gl_Position = vec4("
        "gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }",
        fragment_shader="#version 420\nout uvec2 seen; void main() { seen = uvec2(7u, 65535u); }",
    )
    target = context.framebuffer([context.texture((1, 1), 2, dtype="u2")])
    target.use()
    context.vertex_array(program, []).render(moderngl.TRIANGLES, vertices=3)
    seen = target.read(components=2, dtype="u2")
    if seen != b"\x07\x00\xff\xff":
        raise RuntimeError(f"{context.info['GL_RENDERER']} draws integers wrongly: {seen.hex()}")
    print(context.info["GL_RENDERER"])


def _create() -> Any:
    # Software GL: one process a core beats threads within a process, and episodes run in parallel.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    # libEGL alone is enough: it hands out the GL functions too, so libGL need not be installed.
    options: dict[str, Any] = {"backend": "egl", "libegl": "libEGL.so.1", "libgl": "libEGL.so.1"}
    return moderngl.create_context(standalone=True, require=420, **options)


class _Shared:
    """The process's context and how many hold it. Contexts leak memory when made again and again,
    so renderers share one; the last to let go of it frees it."""

    context: Any = None
    parking: Any = None  # a framebuffer to bind while others are freed
    holders = 0
    process = 0


def hold() -> Any:
    """The context of this process, made on first use. Give it back with `let_go`.

    Raises UserError where no context can be made, and RuntimeError in a process forked from one
    that had a context (start workers with "spawn").
    """
    if _Shared.context is not None and _Shared.process != os.getpid():
        raise RuntimeError('OpenGL does not survive a fork: start workers with "spawn"')
    if _Shared.context is None:
        try:
            _Shared.context = _create()
        except Exception as error:
            raise UserError(
                f"renderer=raster needs OpenGL, and there is none ({error}); {INSTALL}, "
                "or take renderer=tiny"
            ) from error
        _Shared.process = os.getpid()
        _Shared.parking = _Shared.context.simple_framebuffer((1, 1))
    _Shared.holders += 1
    return _Shared.context


def park() -> None:
    """To be called before framebuffers are freed: moderngl goes back to the one that was bound."""
    _Shared.parking.use()


def let_go() -> None:
    _Shared.holders -= 1
    if _Shared.holders == 0 and _Shared.context is not None:
        context, _Shared.context = _Shared.context, None
        if _Shared.process == os.getpid():
            context.release()


def check(context: Any, *, drawn: bool = True) -> None:
    """Raises GraphicsLost where the driver reports an error since the last call, or the caller
    knows that nothing was `drawn`."""
    error = context.error
    if error != "GL_NO_ERROR" or not drawn:
        what = error if error != "GL_NO_ERROR" else "no error, but draws nothing"
        raise GraphicsLost(
            f"OpenGL reports {what}: the context is lost or the driver out of memory; "
            "run again, or take renderer=tiny"
        )
