#!/bin/sh
# Stands in for the five services of a CITA-Cloud node and its exporter: the name it is called by says which.
# `storage` makes a block a second, `controller` signs and says the height (controller.ts), `exporter` tells the height on port 9349. Data lies in /data.
set -u
role=$(basename "$0")
account=${ACCOUNT:-/mnt}
storage=/data/chain_data/current_height
executor=/data/data/statedb/current_height

fail() { echo "$role: $*" >&2; exit 101; }
trap 'exit 0' TERM INT

nap() { sleep 1 & wait $!; }
height() { cat "$storage" 2>/dev/null || echo 0; }

run_storage() {
  mkdir -p /data/chain_data /data/data/statedb
  lock=/data/chain_data/LOCK
  [ $(($(date +%s) - $(cat "$lock" 2>/dev/null || echo 0))) -gt 3 ] || fail "IO error: While lock file: $lock: Resource temporarily unavailable"
  trap 'rm -f "$lock"; exit 0' TERM INT
  [ -f "$storage" ] || { echo 0 > "$storage"; echo 0 > "$executor"; }
  [ "$(cat "$executor")" = "$(height)" ] || fail "executor is at $(cat "$executor"), storage at $(height)"
  echo "init block number: $(height)"
  while :; do
    date +%s > "$lock"
    next=$(($(height) + 1))
    echo "$next $(echo "$next" | sha256sum | cut -c 1-16)" >> /data/chain_data/blocks
    # One rename each: whoever reads gets the old or the new number.
    for file in "$executor" "$storage"; do echo "$next" > "$file.new" && mv "$file.new" "$file"; done
    nap
  done
}

run_controller() {
  [ -s "$account/private_key" ] || fail "no private key in $account"
  address=$(cat "$account/node_address")
  echo "node address: $address"
  exec node /usr/local/lib/controller.mts
}

run_consensus() {
  mkdir -p /data/overlord_wal
  while :; do height > /data/overlord_wal/height; nap; done
}

run_exporter() {
  mkdir -p /tmp/www
  httpd -p 9349 -h /tmp/www || fail 'port 9349 is taken'
  while :; do
    echo "Node_Get_LastBlockNumber{NodeID=\"$(hostname)\"} $(height)" > /tmp/www/metrics.new
    mv /tmp/www/metrics.new /tmp/www/metrics
    nap
  done
}

[ "${1:-}" = run ] || fail "unrecognized subcommand '${1:-}'"
case $role in
  storage) run_storage ;;
  controller) run_controller ;;
  consensus) run_consensus ;;
  exporter) run_exporter ;;
  network | executor) while :; do nap; done ;;
  *) fail 'unknown service' ;;
esac
