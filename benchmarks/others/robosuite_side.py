"""robosuite's side of benchmarks/record.py: runs in an environment with robosuite 1.5.2.

python robosuite_side.py ENV SIZE: every line of standard input is a number of env.steps to take;
every line of standard output is JSON: CPU seconds and wall seconds of a step, the median of them.
Two cameras of SIZE x SIZE pixels see colour, depth and instances. Nothing is written to disk.
"""

from __future__ import annotations

import json
import os
import sys
import time
from statistics import median

# software GL in the stepping thread itself, as on our side
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")
OUT = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # robosuite logs to standard output

import mujoco  # noqa: E402
import numpy as np  # noqa: E402
import robosuite  # noqa: E402

CAMERAS = ("agentview", "robot0_eye_in_hand")
HZ = 20


def main() -> None:
    name, size = sys.argv[1], int(sys.argv[2])
    env = robosuite.make(
        name,
        robots="Panda",
        has_renderer=False,
        has_offscreen_renderer=True,
        use_camera_obs=True,
        camera_names=list(CAMERAS),
        camera_heights=size,
        camera_widths=size,
        camera_depths=True,
        camera_segmentations="instance",
        control_freq=HZ,
        ignore_done=True,
    )
    env.reset()
    low, high = env.action_spec
    rng = np.random.default_rng(0)

    last = {}

    def step() -> tuple[float, float, dict]:
        action = 0.3 * rng.uniform(low, high)
        cpu, wall = time.process_time(), time.perf_counter()
        seen, *_ = env.step(action)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        # seen once: a run whose steps took a tenth of the time, as if nothing had been drawn
        image = seen[f"{CAMERAS[1]}_image"]
        assert not np.array_equal(image, last.get("image")), "robosuite drew nothing new"
        last["image"] = image.copy()
        return cpu, wall, seen

    for _ in range(3):
        *_, seen = step()
    shapes = {k: v.shape for k, v in seen.items() if k.startswith(CAMERAS)}
    assert all(v[:2] == (size, size) for v in shapes.values())
    assert len(shapes) == 3 * len(CAMERAS)
    versions = {"robosuite": robosuite.__version__, "mujoco": mujoco.__version__}
    print(json.dumps(versions), file=OUT)
    for line in sys.stdin:
        took = [step()[:2] for _ in range(int(line))]
        cpu, wall = (median(column) for column in zip(*took, strict=True))
        print(json.dumps({"cpu": cpu, "wall": wall}), file=OUT)


if __name__ == "__main__":
    main()
