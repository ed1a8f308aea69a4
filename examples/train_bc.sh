#!/usr/bin/env bash
# From nothing to a trained policy and its success rate: two libraries, their mix, examples/train_bc.py.
# Usage: bash examples/train_bc.sh [FOLDER] [PYTHON with cellwright and torch]
set -euo pipefail
out=${1:-runs/bc}
python=${2:-.venv/bin/python}
cellwright() { "$python" -c "from generators.cli import main; main()" "$@"; }

# One block in a bin, the tote on its other side; either may be left or right. The block's place and
# turn, colours, light and the speed of the expert vary.
scene=(
  task=bin_pick 'image_size=[96,96]'
  'scene.count=[1,1]' 'scene.on_top=[0,0]'
  '~scene.parts.shaft' '~scene.parts.stepped_shaft' '~scene.parts.hex_nut' '~scene.parts.hex_bolt'
  '~scene.parts.bushing' '~scene.parts.l_bracket'
  'scene.parts.block={length_mm:[30,40],width_mm:[26,34],height_mm:[26,34]}'
  'scene.container_colours=[blue,grey]'
  'scene.bin={size:{length_mm:[300,300],width_mm:[260,260],height_mm:[60,60]},x_m:[0.49,0.49],y_m:[0.23,0.23],turn_deg:[0,0]}'
  'scene.tote={size:{length_mm:[320,320],width_mm:[300,300],height_mm:[80,80]},x_m:[0.49,0.49],y_m:[0.25,0.25],turn_deg:[0,0]}'
  'camera.front.azimuth_deg=[0,0]' 'camera.front.distance_m=[0.9,0.9]'
  'camera.front.elevation_deg=[55,55]' camera.front.aim_jitter_m=0 'camera.front.fov_deg=[48,48]'
  camera.wrist.jitter_m=0 'camera.wrist.fov_deg=[70,70]'
)
cellwright generate "${scene[@]}" look=plain seed=1 episodes=96 workers=2 out="$out/plain"
cellwright generate "${scene[@]}" look=factory seed=2 episodes=48 workers=2 out="$out/factory"
cellwright mix out="$out/mix.json" normalize=global horizon=16 'image_size=[64,64]' \
  'keys=[actions,obs/*_image,obs/ee_pose,obs/gripper_position]' \
  "sources=[{name:plain,path:$out/plain,weight:2},{name:factory,path:$out/factory}]"
exec env PYTHONPATH=. "$python" examples/train_bc.py "$out/mix.json" "${scene[@]}" look=plain task.max_seconds=16
