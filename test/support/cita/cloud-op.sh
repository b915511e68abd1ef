#!/bin/sh
# Stands in for cloud-op in tests: its command lines, markers and exit codes of two generations, on plain files.
# VERSION is put before this by images.ts: 0.2.3, 0.2.4 or 0.3.1. A panic of the real one is exit code 101, a wrong use 2.
set -u

panic() { echo "thread 'main' panicked at $*" >&2; exit 101; }
usage() { echo "error: $*" >&2; exit 2; }

verb=${1:-}
[ $# -gt 0 ] && shift
case "$VERSION:$verb" in
  0.2.*:recover | 0.2.*:state-backup | 0.2.*:state-recover) ;;
  0.3.1:rollback | 0.3.1:backup | 0.3.1:cloud-rollback | 0.3.1:export) ;;
  *) usage "unrecognized subcommand '$verb'" ;;
esac

height='' config=config.toml root=. dest='' consensus='' clean=no from='' to=''
while [ $# -gt 0 ]; do
  case "$VERSION:$1" in
    *:--config-path | *:-c) config=$2; shift ;;
    *:--node-root | *:-n) root=$2; shift ;;
    0.3.1:--path | 0.3.1:-p | 0.2.*:--backup-path | 0.2.*:-p) dest=$2; shift ;;
    0.2.*:--crypto) case $2 in sm | eth) ;; *) panic "crypto type only sm or eth: $2" ;; esac; shift ;;
    0.2.*:--consensus) consensus=$2; shift ;;
    0.2.4:--is-clear | 0.3.1:--clean) clean=yes ;;
    0.3.1:-b) from=$2; shift ;;
    0.3.1:-e) to=$2; shift ;;
    *:-*) usage "unexpected argument '$1' found" ;;
    *) height=$1 ;;
  esac
  shift
done

[ -f "$config" ] || panic "config file not found: $config"
storage=$root/chain_data/current_height
executor=$root/data/statedb/current_height
[ -f "$storage" ] || panic "storage not exist: $storage"

# For RocksDB's LOCK: who has the database open writes the time there every second (busybox may lack flock).
lock=$root/chain_data/LOCK
[ $(($(date +%s) - $(cat "$lock" 2>/dev/null || echo 0))) -gt 3 ] || panic "IO error: While lock file: $lock: Resource temporarily unavailable"
current=$(cat "$storage")

below() {
  case $height in '' | *[!0-9]*) usage "invalid value '$height' for '<HEIGHT>'" ;; esac
  [ "$height" -lt "$current" ] || panic "$1 height $height >= current height $current"
}

clean_consensus() {
  [ "$clean" = yes ] || return 0
  rm -rf "$root/overlord_wal" "$root/raft-data-dir"
}

# Pointers only, and not atomic, as in the real one: blocks above stay on disk. $1: node root.
set_storage() { echo "$height" > "$1/chain_data/current_height"; }
set_executor() { mkdir -p "$1/data/statedb"; echo "$height" > "$1/data/statedb/current_height"; }

old_consensus() {
  case $consensus in bft | raft | overlord) ;; *) panic "consensus type only bft, raft or overlord: $consensus" ;; esac
}

case "$verb" in
  rollback)
    echo "current height: $current"
    below rollback
    echo "rollback height: $height"
    clean_consensus
    set_storage "$root"; echo 'storage rollback done!'
    set_executor "$root"; echo 'executor rollback done!'
    ;;
  backup)
    echo "current height: $current"
    below backup
    mkdir -p "$dest/$height/data" "$dest/$height/chain_data" || panic "can't write $dest"
    for name in statedb nosql; do [ ! -d "$root/data/$name" ] || cp -a "$root/data/$name" "$dest/$height/data/"; done
    cp -a "$root/chain_data/." "$dest/$height/chain_data/" || panic "can't write $dest"
    rm -f "$dest/$height/chain_data/LOCK"
    set_storage "$dest/$height"; set_executor "$dest/$height"
    echo 'backup done!'
    ;;
  cloud-rollback)
    below rollback
    echo 'cloud rollback done!'
    ;;
  export)
    mkdir -p "$dest" && awk -v from="$from" -v to="$to" '$1 >= from && $1 <= to' "$root/chain_data/blocks" > "$dest/blocks.csv" || panic "can't write $dest"
    echo 'export done!'
    ;;
  recover)
    old_consensus
    below recover
    clean_consensus
    set_storage "$root"; set_executor "$root"
    ;;
  state-backup)
    old_consensus
    below backup
    mkdir -p "$dest/state" && cp -a "$root/data/statedb" "$dest/state/" && echo "$height" > "$dest/state/statedb/current_height" || panic "can't write $dest"
    ;;
  state-recover)
    old_consensus
    [ -f "$dest/state/statedb/current_height" ] || panic "backup not exist: $dest/state"
    [ "$(cat "$dest/state/statedb/current_height")" = "$height" ] || panic "backup height not found: $height"
    below recover
    rm -rf "$root/data/statedb" && cp -a "$dest/state/statedb" "$root/data/" || panic "can't write $root"
    clean_consensus
    set_storage "$root"
    ;;
esac
