"""robomimic's side of benchmarks/loader.py: runs in an environment with robomimic.

python robomimic_side.py LIBRARY SCRATCH CAMERA...: reads the library's own shards in batches at
random; the last line is JSON: rate and per_cpu_second
[samples/s], version, note.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch
from robomimic.utils import obs_utils as ObsUtils
from robomimic.utils.dataset import SequenceDataset

BATCH, WARM, TIMED, ROUNDS = 16, 5, 50, 3


def main() -> None:
    library, _, *cameras = sys.argv[1:]
    low_dim, rgb = ["joint_position"], [f"{camera}_image" for camera in cameras]
    ObsUtils.initialize_obs_utils_with_obs_specs([{"obs": {"low_dim": low_dim, "rgb": rgb}}])
    dataset = torch.utils.data.ConcatDataset(
        [
            SequenceDataset(
                str(shard),
                obs_keys=low_dim + rgb,
                dataset_keys=["actions"],
                hdf5_cache_mode="low_dim",
                hdf5_use_swmr=False,
                load_next_obs=False,
            )
            for shard in sorted((Path(library) / "shards").glob("*.h5"))
        ]
    )
    sampler = torch.utils.data.RandomSampler(dataset, replacement=True, num_samples=10**6)
    batches = iter(torch.utils.data.DataLoader(dataset, BATCH, sampler=sampler, num_workers=0))
    for _ in range(WARM):
        next(batches)
    rate = per_cpu_second = 0.0
    for _ in range(ROUNDS):
        start, worked = time.perf_counter(), time.process_time()
        for _ in range(TIMED):
            next(batches)
        rate = max(rate, TIMED * BATCH / (time.perf_counter() - start))
        per_cpu_second = max(per_cpu_second, TIMED * BATCH / (time.process_time() - worked))
    note = "its own HDF5 reader, low_dim cached"
    found = {"rate": rate, "per_cpu_second": per_cpu_second}
    print(json.dumps({**found, "version": version("robomimic"), "note": note}))


if __name__ == "__main__":
    main()
