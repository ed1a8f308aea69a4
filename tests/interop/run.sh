#!/usr/bin/env bash
# Proof by the real clients, each in an environment of its own: their dependencies clash with ours
# and with each other's. Usage: run.sh PYTHON [FOLDER]; PYTHON is the project's own.
set -euo pipefail
python=$(realpath -s "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(realpath -m "${2:-runs/interop}")
mkdir -p "$work/env"

client() {  # client NAME REQUIREMENT...: an environment with these, made once
    local home="$work/env/$1"
    shift
    if [ ! -e "$home/.ready" ]; then
        "$python" -m venv "$home"
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
        touch "$home/.ready"
    fi
}

rm -rf "$work/data"
mkdir -p "$work/data"
(cd "$here/../.." && "$python" -m tests.interop.make "$work/data")

# What lerobot and its helpers would ask the hub for is here; nothing is fetched.
export HF_HUB_OFFLINE=1 HF_HOME="$work/hf" HF_LEROBOT_HOME="$work/data/lerobot"

client lerobot lerobot==0.4.4 lerobot-doctor==0.2.0 lerobot-lint==0.1.1 h5py psutil tensorboardX
"$work/env/lerobot/bin/python" "$here/client_lerobot.py" "$work/data"
for version in v30 v21; do
    report=$("$work/env/lerobot/bin/lerobot-doctor" check "$work/data/lerobot/$version" 2>&1) || true
    if ! grep -q 'Summary:' <<<"$report" || grep -q '\[FAIL\]\|\[ERROR\]' <<<"$report"; then
        echo "$report"
        echo "lerobot-doctor finds errors in $version"
        exit 1
    fi
    echo "lerobot-doctor: no error in $version"
done
"$work/env/lerobot/bin/lelint" check v30 --json "$work/lint.json" >"$work/lint.log" 2>&1 || true
"$work/env/lerobot/bin/python" "$here/client_lint.py" "$work/lint.json"

# Shares the environment, which has torch; its other requirements build from source and are not
# needed to read data.
"$work/env/lerobot/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps robomimic==0.3.0
"$work/env/lerobot/bin/python" "$here/client_robomimic.py" "$work/data" 2>"$work/robomimic.log" \
    || { tail -5 "$work/robomimic.log"; exit 1; }

client tensorflow tensorflow-cpu tensorflow-datasets importlib_resources
TF_CPP_MIN_LOG_LEVEL=3 "$work/env/tensorflow/bin/python" "$here/client_tfds.py" "$work/data" 2>"$work/tfds.log" \
    || { tail -5 "$work/tfds.log"; exit 1; }

client light webdataset pillow mlcroissant tfrecord
"$work/env/light/bin/python" "$here/client_webdataset.py" "$work/data"
"$work/env/light/bin/python" "$here/client_tfrecord.py" "$work/data"
for folder in lerobot/v30 lerobot/v21 rlds webdataset robomimic; do
    (cd "$work/data/$folder" && "$work/env/light/bin/mlcroissant" validate --jsonld croissant.json 2>"$work/croissant.log") \
        || { cat "$work/croissant.log"; exit 1; }
    echo "mlcroissant: $folder is valid"
done
# The other way round: what they write, we read.
mkdir -p "$work/data/theirs"
"$work/env/lerobot/bin/python" "$here/write_lerobot.py" "$work/data/theirs" >"$work/lerobot.log" 2>&1 \
    || { tail -5 "$work/lerobot.log"; exit 1; }
TF_CPP_MIN_LOG_LEVEL=3 "$work/env/tensorflow/bin/python" "$here/write_tfds.py" "$work/data/theirs" >"$work/tfds.log" 2>&1 \
    || { tail -5 "$work/tfds.log"; exit 1; }
(cd "$here/../.." && "$python" -m tests.interop.read_theirs "$work/data/theirs")
echo "every client agrees"
