#!/bin/sh
# Make .venv with the packages of requirements.txt; "install.sh dev" adds those for tests and checks, "install.sh cluster"
# those for training on several machines, "install.sh dev cluster" both.
# Does nothing when they are installed. pip's output is kept in .venv/install.log.
set -eu
cd "$(dirname "$0")/.."

locks=requirements.txt
for group; do locks="$locks requirements-$group.txt"; done
needed_mb=3000 # more than du -sm .venv says: 2260 without "dev"
full="The disk is full. Trazo needs about $needed_mb MB in $PWD: free some space, then try again."

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

is_usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

is_complete() { # pip is missing if the system has replaced the Python of .venv by another version
    [ ! -e .venv/unfinished ] && is_usable .venv/bin/python && .venv/bin/python -c 'import pip' 2>/dev/null
}

is_installed() { # compares the lock files' text, because a checkout changes their time
    for lock in $locks; do cmp -s "$lock" ".venv/installed/$lock" || return 1; done
}

compile_translations() {
    for source in core/locale/*/LC_MESSAGES/trazo.po; do
        [ ! -e "$source" ] || [ "${source%po}mo" -nt "$source" ] || .venv/bin/python -m core.catalogues
    done
}

exit_if_installed() {
    if is_complete && is_installed; then
        compile_translations
        exit 0
    fi
}

exit_if_installed
[ -w . ] || fail "Trazo's packages cannot be installed: you may not write to $PWD. Make a copy of this folder for yourself."
if command -v flock >/dev/null; then # macOS has none
    exec 9>>.install.lock
    flock -n 9 || [ $? != 1 ] || { # another status: this file system has no locks
        echo "Waiting for another installation of Trazo's packages."
        flock 9
    }
    exit_if_installed
fi
if ! is_complete; then
    # Counted from the end: the file system's name may contain spaces.
    free_mb=$(df -Pk . | awk 'NR == 2 {sub(/ +[0-9-]+%? +\/.*/, ""); print int($NF / 1024)}')
    [ "$free_mb" -ge $needed_mb ] || fail "$full"
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11; fi
    while [ $# -gt 0 ] && ! is_usable "$1"; do shift; done
    [ $# -gt 0 ] || fail "No suitable Python was found. Trazo needs Python 3.11, 3.12 or 3.13 with venv (Debian, Ubuntu:" \
        "apt-get install python3-venv): install one, or name it, as in: make run PYTHON=/path/to/python3.12"
    # An interrupted installation can be broken anywhere, so it is made anew.
    [ ! -e .venv ] || echo "Replacing .venv, which is incomplete or of another Python."
    rm -rf .venv
    mkdir .venv
    touch .venv/unfinished
    "$1" -m venv .venv
fi

echo "Installing Trazo's packages into .venv; this takes a few minutes, once."
touch .venv/unfinished
# shellcheck disable=SC2046 # Each "-r file" is two words.
PIP_USER=0 .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile --progress-bar off \
    $(printf -- '-r %s ' $locks) >.venv/install.log 2>&1 || {
    ! grep -qiE 'no space left|quota exceeded' .venv/install.log || fail "$full"
    ! grep -qE 'Retrying \(|timed out' .venv/install.log || fail "The packages could not be downloaded. Check the internet" \
        "connection and pip's proxy and index settings, then try again; details are in .venv/install.log."
    fail "The packages could not be installed ($(grep ^ERROR .venv/install.log | tail -n 1)). Details are in .venv/install.log."
}
mkdir -p .venv/installed
cp $locks .venv/installed
rm .venv/unfinished
compile_translations
