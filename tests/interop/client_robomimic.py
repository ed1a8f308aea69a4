"""robomimic's SequenceDataset iterates a shard as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import robomimic.utils.obs_utils as obs_utils
from robomimic.utils.dataset import SequenceDataset

LOW, PICTURES = ("joint_position", "ee_pose"), ("front_image",)


def main(root: Path) -> None:
    obs_utils.initialize_obs_utils_with_obs_specs({"obs": {"low_dim": LOW, "rgb": PICTURES}})
    truth = {int(path.stem): np.load(path) for path in (root / "truth").glob("*.npz")}
    seen = 0
    for path in sorted((root / "robomimic").glob("*.hdf5")):
        for side in (b"train", b"valid"):
            data = SequenceDataset(
                hdf5_path=str(path),
                obs_keys=(*LOW, *PICTURES),
                dataset_keys=("actions", "rewards", "dones"),
                frame_stack=1,
                seq_length=1,
                pad_frame_stack=True,
                pad_seq_length=True,
                get_pad_mask=False,
                goal_mode=None,
                hdf5_cache_mode=None,
                hdf5_use_swmr=False,
                hdf5_normalize_obs=False,
                filter_by_attribute=side.decode(),
                load_next_obs=False,
            )
            for i in range(len(data)):
                demo = data._index_to_demo_id[i]
                step = i - data._demo_id_to_start_indices[demo]
                one, item = truth[int(demo.removeprefix("demo_"))], data[i]
                assert np.array_equal(item["actions"][0], one["actions"][step])
                for name in (*LOW, *PICTURES):
                    assert np.array_equal(item["obs"][name][0], one[f"obs/{name}"][step]), name
                seen += 1
            data.close_and_delete_hdf5_handle()
    assert seen == sum(len(one["actions"]) for one in truth.values())
    print(f"robomimic: {seen} steps equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
