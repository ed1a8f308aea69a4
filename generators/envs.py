"""The tasks as gymnasium environments.

Importing this module registers them (gymnasium 1 finds no environments by itself):

    import gymnasium, generators.envs
    env = gymnasium.make("cellwright/PegRound-v0", renderer="auto")
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium

from generators import rendering, tasks


def make(
    task: str,
    *,
    overrides: Sequence[str] = (),
    renderer: str = "none",
    render_mode: str | None = None,
    seed: int = 0,
) -> gymnasium.Env[Any, Any]:
    """The environment of a task.

    overrides: keys as `cellwright generate` takes them, e.g. ["scene.clearance_mm=0.5",
    "image_size=[224,224]"]. renderer, render_mode, seed: as in `sim.env.CellEnv`.
    """
    from generators import run
    from generators.command import hydra_app
    from generators.seeds import Streams
    from generators.task import instruction
    from scenes.cameras import image_size
    from sim.env import CellEnv
    from sim.spec import Cell

    config = hydra_app.composed("generate", [f"task={task}", "out=nowhere", *overrides])
    made = tasks.make(config)

    def draw(root: int, index: int) -> tuple[Cell, str]:
        streams = Streams(root, index)
        cell = run.sample_cell(made, config, streams)
        return cell, instruction(made.instruction(cell, streams.rng("words")))

    size = image_size(config)
    return CellEnv(
        draw,
        made.outcome,
        card=config["robot"]["card"],
        max_seconds=made.max_seconds,
        control_hz=config["physics"]["control_hz"],
        cameras=dict.fromkeys(config["camera"], size),
        renderer=rendering.resolved({"name": renderer})["name"],
        render_mode=render_mode,
        seed=seed,
    )


for _name in tasks.names():
    gymnasium.register(
        id=f"cellwright/{tasks.class_name(_name)}-v0",
        entry_point="generators.envs:make",
        kwargs={"task": _name},
    )
