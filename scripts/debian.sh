#!/usr/bin/env bash
# OpenGL without a screen (EGL, Mesa) for the fast renderer, on Debian and its kin, where we may
# install it. Nothing needs it: without it pictures come from PyBullet's TinyRenderer, slowly.
set -euo pipefail

packages=(libegl1 libgl1-mesa-dri)
missing=()
command -v dpkg >/dev/null && command -v apt-get >/dev/null || exit 0
for package in "${packages[@]}"; do
  dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "for the fast renderer: sudo apt-get install ${missing[*]}"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -q && apt-get install -yq --no-install-recommends "${missing[@]}"; } >/dev/null ||
  echo "could not install ${missing[*]}: going on without the fast renderer"
