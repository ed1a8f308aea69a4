#!/bin/bash
# Known holes of the packages in a lock file: advisories.sh LOCK VENV. 0: none, or they could not be
# asked for, which is said; 1: there are some.
set -u
lock=$1 venv=$2
skip() { echo "advisories: not checked: $1"; exit 0; }
[ -x "$venv/bin/pip-audit" ] || {
  python3 -m venv "$venv" &&
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check pip-audit
} >/dev/null 2>&1 || skip "pip-audit cannot be installed here"
said=$(timeout 300 "$venv/bin/pip-audit" --requirement "$lock" --disable-pip --require-hashes \
  --progress-spinner off 2>&1)
code=$?
# pip-audit ends with 1 for a hole and for an index that it cannot reach alike
if grep -Eq "^Found [0-9]+ known vulnerabilit" <<<"$said"; then
  echo "$said"
  exit 1
fi
unknown=$(grep -c "could not be audited" <<<"$said")
[ $code -eq 0 ] || skip "the index of advisories cannot be reached"
[ "$unknown" -eq 0 ] || skip "the index that is reached from here knows nothing of $unknown packages"
echo "advisories: none for the packages of $lock"
