#!/usr/bin/env bash
# From nothing to a trained policy and its success rate: two libraries, their mix, examples/train_bc.py.
# Usage: bash examples/train_bc.sh [FOLDER] [PYTHON with cellwright and torch]
set -euo pipefail
out=${1:-runs/bc}
python=${2:-.venv/bin/python}
cellwright() { "$python" -c "from generators.command.cli import main; main()" "$@"; }

# One block on the floor of a bin at the robot's right, the tote at its left; all of that stands
# still. The block's place and turn, its size, colours, light and the expert's speed and ways vary.
scene=(
  task=bin_pick 'image_size=[64,64]' scene.bin_side=right
  'scene.count=[1,1]' 'scene.on_top=[0,0]'
  '~scene.parts.shaft' '~scene.parts.stepped_shaft' '~scene.parts.hex_nut' '~scene.parts.hex_bolt'
  '~scene.parts.bushing' '~scene.parts.l_bracket'
  'scene.parts.block={length_mm:[32,36],width_mm:[28,32],height_mm:[28,34]}'
  'scene.container_colours=[blue]'
  'scene.bin={size:{length_mm:[300,300],width_mm:[260,260],height_mm:[60,60]},x_m:[0.49,0.49],y_m:[0.17,0.17],turn_deg:[0,0]}'
  'scene.tote={size:{length_mm:[320,320],width_mm:[300,300],height_mm:[80,80]},x_m:[0.49,0.49],y_m:[0.19,0.19],turn_deg:[0,0]}'
  'camera.front.azimuth_deg=[0,0]' 'camera.front.distance_m=[0.8,0.8]'
  'camera.front.elevation_deg=[60,60]' camera.front.aim_jitter_m=0 'camera.front.fov_deg=[46,46]'
  camera.wrist.jitter_m=0 'camera.wrist.fov_deg=[70,70]'
)
cellwright generate "${scene[@]}" look=plain seed=1 episodes=400 workers=2 out="$out/plain"
cellwright generate "${scene[@]}" look=factory seed=2 episodes=100 workers=2 out="$out/factory"
cellwright mix out="$out/mix.json" normalize=global horizon=16 'image_size=[64,64]' \
  'keys=[actions,action/ee_pose,obs/*_image,obs/gripper_position]' \
  "sources=[{name:plain,path:$out/plain,weight:2},{name:factory,path:$out/factory}]"
exec env PYTHONPATH=. "$python" examples/train_bc.py "$out/mix.json" "${scene[@]}" look=plain task.max_seconds=16
