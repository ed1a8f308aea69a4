"""Behaviour cloning on a mix, on a CPU, in minutes: learn to take a block out of a bin.

    python examples/train_bc.py runs/bc/mix.json task=bin_pick look=plain ...

`examples/train_bc.sh` makes the libraries and the mix, and calls this. Needs PyTorch (pip install
torch). A small network sees the pictures and how far the gripper is closed, and says for the next
`horizon` steps where the tool is to be, how to turn and how far to close; half of them are carried
out, then it looks again. What follows the mix on the command line is the scene that it is evaluated
in, on episodes of a seed that no library has.
"""

from __future__ import annotations

import argparse
import time

import gymnasium
import numpy as np
import torch
from torch import nn

import generators.envs  # noqa: F401  registers the environments
from episodes import Mix
from episodes.mix.resize import smooth
from episodes.torch import loader

# Not where the tool is: a network that knows it goes down wherever it is, as the expert was always
# above the block by then, and does not look.
GRIPPER = "obs/gripper_position"


class Camera(nn.Module):
    """A picture (B, 3, H, W) to where in it the features are: (B, 64) in -1..1."""

    def __init__(self) -> None:
        super().__init__()
        layers = [nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU()]
        self.net = nn.Sequential(*layers, nn.Conv2d(32, 32, 3, 1, 1))

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        found = self.net(picture)
        height, width = found.shape[-2:]
        weight = (5 * found.flatten(2)).softmax(-1).view_as(found)  # sharp from the start
        x = (weight.sum(2) * torch.linspace(-1, 1, width)).sum(-1)
        y = (weight.sum(3) * torch.linspace(-1, 1, height)).sum(-1)
        return torch.cat([x, y], 1)


class Policy(nn.Module):
    """The newest pictures and the gripper to (B, horizon, 7): position, turn, grip."""

    def __init__(self, cameras: list[str], horizon: int) -> None:
        super().__init__()
        self.cameras = nn.ModuleDict({name: Camera() for name in cameras})
        self.head = nn.Sequential(
            nn.Linear(64 * len(cameras) + 1, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(),
            nn.Linear(256, horizon * 7), nn.Unflatten(1, (horizon, 7)),
        )  # fmt: skip

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        seen = [
            camera(batch[f"obs/{name}_image"][:, -1].permute(0, 3, 1, 2) / 127.5 - 1)
            for name, camera in self.cameras.items()
        ]
        return self.head(torch.cat([*seen, batch[GRIPPER][:, -1]], 1))


def train(mix: Mix, minutes: float, batch_size: int) -> Policy:
    """Mean absolute error over the steps that are inside their episode."""
    cameras = [key.name[4:-6] for key in mix.manifest.keys if key.name.endswith("_image")]
    policy = Policy(cameras, mix.manifest.view.horizon)
    optimizer = torch.optim.AdamW(policy.parameters(), 1e-3)
    begun, shown = time.process_time(), 0.0
    for step, batch in enumerate(loader(mix, batch_size, stop=10**12)):
        spent = (time.process_time() - begun) / (60 * minutes)
        if spent >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (0.02 + 0.98 * np.cos(np.pi / 2 * spent))
        wanted = torch.cat([batch["action/ee_pose"][..., :3], batch["actions"][..., 3:]], -1)
        error = (policy(batch) - wanted).abs().mean(-1)
        loss = error[batch["mask/actions"]].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if spent > shown:
            print(f"step {step}, {spent:.0%} of the time, error {loss.item():.3f}", flush=True)
            shown += 0.1
    return policy.eval()


@torch.no_grad()
def act(policy: Policy, mix: Mix, seen: dict[str, np.ndarray]) -> np.ndarray:
    """(horizon, 7) positions [m], turns [rad] and grips from what the environment shows."""
    gripper = mix.normalize(GRIPPER, seen["gripper_position"])
    batch = {GRIPPER: torch.from_numpy(gripper)[None, None]}
    for camera in policy.cameras:
        key = next(k for k in mix.manifest.keys if k.name == f"obs/{camera}_image")
        batch[key.name] = torch.from_numpy(smooth(seen[key.name[4:]][None], *key.shape[:2])[None])
    said = policy(batch)[0].numpy()
    where = mix.denormalize("action/ee_pose", said)[:, :3]  # both are 7 wide
    return np.concatenate([where, mix.denormalize("actions", said)[:, 3:]], 1)


def evaluate(policy: Policy, mix: Mix, scene: list[str], episodes: int, seed: int) -> int:
    """How many of the first episodes of this seed succeed."""
    task = next(entry for entry in scene if entry.startswith("task="))
    name = "".join(word.capitalize() for word in task[5:].split("_"))
    rest = [entry for entry in scene if entry != task]
    env = gymnasium.make(f"cellwright/{name}-v0", renderer="auto", seed=seed, overrides=rest)
    low, high, successes = env.action_space.low, env.action_space.high, 0
    for index in range(episodes):
        seen, _ = env.reset(options={"index": index})
        told, ended = seen["ee_pose"][:3], False  # where the tool was told to be
        while not ended:
            steps = act(policy, mix, seen)
            for step in steps[: len(steps) // 2]:
                action = np.clip(np.concatenate([step[:3] - told, step[3:]]), low, high)
                seen, _, success, late, info = env.step(action.astype(np.float32))
                told = told + action[:3]
                if ended := success or late:
                    break
        successes += bool(info["success"])
        print(f"episode {index}: {'success' if info['success'] else info['failure']}", flush=True)
    env.close()
    return successes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mix")
    parser.add_argument("scene", nargs="*", help="task=... and other keys of `cellwright generate`")
    parser.add_argument("--minutes", type=float, default=6, help="of processor time")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--episodes", type=int, default=50, help="to evaluate on")
    parser.add_argument("--seed", type=int, default=1_000_003)
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small a network gains nothing from more; they wait for each other
    mix = Mix(options.mix)
    policy = train(mix, options.minutes, options.batch)
    done = evaluate(policy, mix, options.scene, options.episodes, options.seed)
    print(f"success: {done} of {options.episodes} ({done / options.episodes:.0%})")


if __name__ == "__main__":
    main()
