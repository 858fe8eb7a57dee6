#!/bin/sh
# Make .venv with the packages of requirements.txt; with the word "dev" also those that tests and checks need.
# Does nothing when that is done already. A failure is one sentence; what pip said stands in .venv/install.log.
set -u
cd "$(dirname "$0")/.." || exit 1

needed_mb=3000
log=.venv/install.log
unfinished=.venv/unfinished # there while packages are installed: the id of the process that does it
locks=requirements.txt
[ "${1:-}" = dev ] && locks="requirements.txt requirements-dev.txt"

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

fail_full() {
    fail "The disk is full: Trazo takes about $needed_mb MB in $PWD, and installing it some more in" \
        "${TMPDIR:-/tmp}; free some space and try again."
}

# What is installed is known by the text of the lock files: a checkout that only touches them costs nothing.
is_installed() {
    [ ! -e $unfinished ] || return 1
    for lock in $locks; do
        cmp -s "$lock" ".venv/installed/$lock" || return 1
    done
    is_supported .venv/bin/python
}

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

# Set $python to the first Python of this machine that can be used.
find_python() {
    found= without_venv=
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11; fi
    for python in "$@"; do
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        if ! is_supported "$python"; then
            found="${found:+$found, }$python is $version"
        elif "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            return
        else
            without_venv=${without_venv:-$version}
        fi
    done
    [ -z "$without_venv" ] || fail "Python $without_venv cannot make virtual environments on this machine: install its" \
        "venv package (Debian, Ubuntu: apt-get install python$without_venv-venv) and try again."
    fail "Trazo needs Python 3.11, 3.12 or 3.13 (found: ${found:-none}): install one of them and try again, or name" \
        "one that is not on the PATH, as in: make run PYTHON=/opt/python3.12/bin/python3"
}

free_mb() {
    df -Pk . | awk 'NR == 2 {print int($4 / 1024)}'
}

# From here to the end no other process installs; what an interrupted one left behind is thrown away.
claim() {
    if ! mkdir -p .venv 2>/dev/null || [ ! -w .venv ]; then
        [ "$(free_mb)" -ge 10 ] || fail_full
        fail "$PWD/.venv cannot be written by this user: change its rights, or clone Trazo into a folder of your own."
    fi
    if [ -e $unfinished ]; then
        owner=$(cat $unfinished)
        if [ -n "$owner" ] && kill -0 "$owner" 2>/dev/null; then
            fail "Another installation is under way (process $owner): wait until it ends, or stop it, and try again."
        fi
        discard
    fi
    (set -C && echo $$ >$unfinished) 2>/dev/null || fail_full
}

discard() {
    rm -rf .venv/bin .venv/include .venv/lib .venv/lib64 .venv/pyvenv.cfg .venv/installed $unfinished
}

# Turn what pip said into one sentence.
explain() {
    last=$(grep '^ERROR' $log 2>/dev/null | tail -n 1)
    if [ "$(free_mb)" -lt 50 ] || grep -qiE 'no space left|quota exceeded' $log; then
        fail_full
    elif grep -qiE 'Retrying \(|timed out' $log && echo "$last" | grep -qiE 'satisf|distribution|OSError|Errno|^$'; then
        fail "The packages could not be downloaded: check the internet connection and pip's settings (proxy, index)," \
            "then try again; what pip said stands in $log."
    fi
    fail "The packages could not be installed (${last:-pip ended early}): what pip said stands in $log."
}

is_installed && exit 0

if [ -e $unfinished ] || ! is_supported .venv/bin/python; then find_python; fi
claim
if ! is_supported .venv/bin/python; then
    rm -rf .venv/bin .venv/lib
    [ "$(free_mb)" -ge $needed_mb ] || fail_full
    "$python" -m venv .venv >$log 2>&1 || explain
fi

echo "Installing Trazo's packages into .venv; this takes a minute or a few, once."
rm -rf .venv/installed
requirements=
for lock in $locks; do
    requirements="$requirements -r $lock"
done
# Python compiles what it imports, when it does: half of what is installed never is.
PIP_USER=0 .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile --progress-bar off \
    $requirements >$log 2>&1 || explain
mkdir .venv/installed && cp $locks .venv/installed/ && rm $unfinished || fail_full
