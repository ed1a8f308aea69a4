#!/usr/bin/env bash
# The main job in one go: make, check, replay, show; with a data set given, import it and mix.
#   scripts/demo.sh OUT [DATASET]
set -euo pipefail
out=$1
real=${2:-}
PATH="$(cd "$(dirname "$0")/.." && pwd)/.venv/bin:$PATH"

say() { printf '\n$ cellwright %s\n' "$*"; cellwright "$@"; }

say generate -m task=bench_place,bin_pick,peg_round episodes=4 "image_size=[128,128]" workers=2 \
  shard_size=2 probe=false out="$out"
say check src="$out"
say replay src="$out" workers=2
say show src="$out" out="$out"

libraries=()
for folder in "$out"/bench_place-* "$out"/bin_pick-* "$out"/peg_round-*; do
  [ -f "$folder/library.json" ] && libraries+=("{name:$(basename "$folder"),path:$folder}")
done
if [ -n "$real" ]; then
  say import src="$real" out="$out/real"
  rm -f "$out/mix.json"
  sim=$(IFS=,; echo "${libraries[*]}")
  # what the real data calls its first camera is our front camera's counterpart
  camera=$(python -c 'import sys; from episodes import Library; one = Library(sys.argv[1])
print(next(iter(one.read(one.rows[0].index, images=False).cameras), ""))' "$out/real")
  say mix out="$out/mix.json" ${camera:+"cameras={main:[front,$camera]}" "image_size=[128,128]"} \
    "sources=[{name:sim,weight:50,sources:[$sim]},{name:real,weight:50,path:$out/real}]"
  say mix audit="$out/mix.json" draws=10000
  mixed="; Mix('$out/mix.json')[0]"
fi

cat <<END

Look at   $out/sheet.png      one row an episode
          $out/*.mp4          one film a task
In Python from episodes import Library, Mix${mixed:-}
Next      cellwright generate task=peg_round scene.clearance_mm=0.5 episodes=50 workers=2 out=runs/peg
          cellwright render src=runs/peg out=runs/peg-big "image_size=[640,480]"
          cellwright --help
END
