#!/bin/sh
# Make .venv with tested versions, and install what the window needs of Debian. No question asked.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

SYSTEM="libgl1 libegl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 \
libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 \
libxcb-xkb1 libx11-xcb1 libdbus-1-3 libfontconfig1 libglib2.0-0 libusb-1.0-0 libgomp1 \
fonts-dejavu-core xvfb xauth"

install_system() {
    command -v dpkg-query >/dev/null || return 0
    missing=""
    for package in $SYSTEM "$@"; do
        # A package may be there under its 64-bit-time name (Ubuntu 24.04: libglib2.0-0t64).
        for name in "$package" "${package}t64"; do
            dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' && continue 2
        done
        missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then root=""
    elif sudo -n true 2>/dev/null; then root="sudo"
    else
        say "Run this once, then make again: sudo apt-get install -y$missing"
        exit 1
    fi
    say "Installing with apt:$missing"
    $root apt-get update -qq >/dev/null
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq $missing >/dev/null
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    say "LidarLoop needs Python 3.11, 3.12 or 3.13; install one (Ubuntu 22.04: apt-get install python3.11 python3.11-venv)."
    exit 1
}

install_torch() {
    pip="$1"
    version=$(sed -n 's/^torch==//p' .ci/constraints.txt)
    .venv/bin/python -c 'import torch' 2>/dev/null && return
    if [ "$(uname -s)" != Linux ] || command -v nvidia-smi >/dev/null; then
        $pip "torch==$version"
        return
    fi
    # No NVIDIA GPU: take a build without CUDA, gigabytes smaller.
    $pip "torch==$version+cpu" 2>/dev/null && return
    $pip uv
    .venv/bin/uv pip install --quiet --python .venv/bin/python --torch-backend cpu \
        "torch==$version" && return
    say "No CPU build of torch found; taking the standard one, which brings CUDA along."
    $pip "torch==$version"
}

python=$(find_python)
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    install_system "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
else
    install_system
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip=".venv/bin/python -m pip install --quiet --disable-pip-version-check"
pip_remove=".venv/bin/python -m pip uninstall --quiet --yes --disable-pip-version-check"
say "Installing Python packages into .venv"
install_torch "$pip"
# open3d and open3d-cpu are files of the same names: of an older .venv the one that goes, goes first.
if [ "$(uname -sm)" = "Linux x86_64" ]; then $pip_remove open3d 2>/dev/null; fi
extras=dev
if command -v nvidia-smi >/dev/null; then extras=dev,gpu; fi
$pip --constraint .ci/constraints.txt --editable ".[$extras]"
