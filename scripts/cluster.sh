#!/bin/sh
# "cluster.sh head" starts the first machine of a Ray cluster here; "cluster.sh join HOST TOKEN" adds this machine to one.
set -eu
cd "$(dirname "$0")/.."
ray=".venv/bin/python -m ray.scripts.scripts" # .venv/bin/ray does not work in a folder that has been renamed
store=268435456 # bytes of Ray's object store: the data takes 12 MB, and a model on its way up to 20 MB

fail() {
    tail -n 3 .venv/cluster.log >&2
    echo "Ray could not be started; details are in .venv/cluster.log. If it runs here already, end it first:" \
        "$ray stop" >&2
    exit 1
}

start() {
    $ray start "$@" --object-store-memory=$store --disable-usage-stats >.venv/cluster.log 2>&1 || fail
}

case "${1:-}" in
head)
    RAY_AUTH_TOKEN=${RAY_AUTH_TOKEN:-$($ray get-auth-token --generate 2>.venv/cluster.log)} || fail
    export RAY_AUTH_TOKEN RAY_AUTH_MODE=token
    start --head --port=6379 --ray-client-server-port=10001 --include-dashboard=False
    host=$(.venv/bin/python -c 'from ray.util import get_node_ip_address; print(get_node_ip_address())')
    cat <<END
The cluster runs; its first machine is this one. On each other machine, in a checkout of Trazo, type:

    make join HEAD=$host TOKEN=$RAY_AUTH_TOKEN

Start the dashboard here, with as many runs at once as the cluster has room for:

    TRAZO_RAY=auto TRAZO_WORKERS=4 make run

Anyone with the token can run programs on these machines. To leave the cluster, type on any machine: $ray stop
END
    ;;
join)
    [ -n "${2:-}" ] && [ -n "${3:-}" ] || {
        echo "Name the first machine and its token, as make cluster printed them: make join HEAD=host TOKEN=..." >&2
        exit 2
    }
    case $2 in *:*) address=$2 ;; *) address=$2:6379 ;; esac
    export RAY_AUTH_TOKEN="$3" RAY_AUTH_MODE=token
    start --address="$address"
    echo "This machine now trains for the cluster of $2. To leave it, type: $ray stop"
    ;;
*)
    echo "Usage: cluster.sh head | cluster.sh join HOST TOKEN" >&2
    exit 2
    ;;
esac
