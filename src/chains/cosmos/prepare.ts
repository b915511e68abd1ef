// The script that makes the volume ready before each start. It needs sh, wget and sha256sum, which images based on Alpine have, and gunzip for a compressed genesis.

/**
 * Idempotent: a killed run is finished by the next. All values arrive as environment variables, so nothing of a spec is
 * ever part of the script. Order matters: key and signer state, then the program's own files, then the genesis.
 */
export const PREPARE_SCRIPT = `set -eu
config="$NODE_HOME/config"
state="$NODE_HOME/data/priv_validator_state.json"
mkdir -p "$config" "$NODE_HOME/data"

fail() {
  echo "$1" >&2
  printf '%s' "$1" > /dev/termination-log 2>/dev/null || true
  exit 1
}

# A StatefulSet that was scaled by hand has a second pod, with the same key and a volume that has no record of what was
# signed. The name comes from the API server, so that a host network does not change it.
if [ "$NODE_POD" != "$NODE_MONIKER-0" ]; then
  fail "Pod $NODE_POD must not run: a node has one pod, $NODE_MONIKER-0, and a second one would sign with the same key. Scale the StatefulSet $NODE_MONIKER to 1 replica."
fi

# A key from a Secret stays there: the volume, and so every backup, holds a link only. The link must be in place before
# init, which otherwise makes a key of its own and sets the signer state back to zero.
#
# Without a key CometBFT makes one and a signer state of zero. So while a node runs on a key of its own, what was signed
# with keys from Secrets is kept aside; it comes back with the next Secret, or that key could sign a height twice.
key="$config/priv_validator_key.json"
keep() {
  [ ! -s "$1" ] || { cp "$1" "$2.part" && mv "$2.part" "$2"; }
}
if [ "$NODE_IDENTITY" = secret ]; then
  [ -s "$NODE_IDENTITY_PATH/priv_validator_key.json" ] || fail "The Secret of spec.identity has no priv_validator_key.json."
  [ -L "$key" ] || keep "$state.secret" "$state"
  if [ -f "$key" ] && [ ! -L "$key" ]; then mv "$key" "$key.replaced"; fi
  ln -sf "$NODE_IDENTITY_PATH/priv_validator_key.json" "$key"
elif [ -L "$key" ]; then
  keep "$state" "$state.secret"
  rm "$key"
fi

# Beside chain data a missing signer state means that it was lost, and signing could start from zero: a double sign.
if [ "$NODE_IDENTITY" = secret ] && [ ! -s "$state" ]; then
  if [ -e "$NODE_HOME/data/blockstore.db" ] || [ -e "$NODE_HOME/data/state.db" ]; then
    fail "There is chain data but no priv_validator_state.json. Restore it, or empty the volume, before this key signs."
  fi
  # Read at each start. Kubernetes creates a deleted PVC again for the next pod, also while the controller is down.
  if [ "$(cat "$NODE_SIGNER_VOLUME" 2>/dev/null || true)" = used ]; then
    fail "This volume is new, but the key in the Secret of spec.identity has signed with another one: it could sign a height twice. Bring the old volume back, or approve the start with the new one."
  fi
  printf '{"height":"0","round":0,"step":0}' > "$state.part"
  mv "$state.part" "$state"
fi

# Peers know this node as id@host: so the node key stays with the volume when the signing key moves to another node.
if [ -f "$NODE_IDENTITY_PATH/node_key.json" ] && [ ! -s "$config/node_key.json" ]; then
  cp "$NODE_IDENTITY_PATH/node_key.json" "$config/node_key.json.part"
  chmod 600 "$config/node_key.json.part"
  mv "$config/node_key.json.part" "$config/node_key.json"
fi

if [ ! -s "$config/config.toml" ] || [ ! -s "$config/genesis.json" ]; then
  rm -f "$config/genesis.sha256"
  if [ "$NODE_CLIENT" = cometbft ]; then
    cometbft init --home "$NODE_HOME"
  else
    "$NODE_CLIENT" init "$NODE_MONIKER" --chain-id "$NODE_CHAIN_ID" --home "$NODE_HOME" --overwrite > /dev/null
  fi
fi

digest() { sha256sum "$1" | cut -d' ' -f1; }
case "$NODE_GENESIS" in
  url)
    # A compressed genesis is known by the checksum of what was downloaded, which is kept beside it.
    have="$(cat "$config/genesis.sha256" 2>/dev/null || true)"
    if [ "$have" != "$NODE_GENESIS_SHA256" ] && [ "$(digest "$config/genesis.json")" != "$NODE_GENESIS_SHA256" ]; then
      wget -q -T 60 -O "$config/genesis.json.part" "$NODE_GENESIS_URL" || fail "The genesis cannot be downloaded."
      got="$(digest "$config/genesis.json.part")"
      [ "$got" = "$NODE_GENESIS_SHA256" ] || fail "The genesis has sha256 $got instead of $NODE_GENESIS_SHA256."
      case "$NODE_GENESIS_URL" in
        *.gz | *.gz\\?*)
          gunzip -c < "$config/genesis.json.part" > "$config/genesis.json.plain" || fail "The genesis cannot be unpacked."
          mv "$config/genesis.json.plain" "$config/genesis.json"
          printf '%s' "$got" > "$config/genesis.sha256"
          rm "$config/genesis.json.part"
          ;;
        *)
          rm -f "$config/genesis.sha256"
          mv "$config/genesis.json.part" "$config/genesis.json"
          ;;
      esac
    fi
    ;;
  file)
    if [ -n "$NODE_GENESIS_SHA256" ]; then
      got="$(digest /genesis/genesis.json)"
      [ "$got" = "$NODE_GENESIS_SHA256" ] || fail "The genesis has sha256 $got instead of $NODE_GENESIS_SHA256."
    fi
    rm -f "$config/genesis.sha256"
    cp /genesis/genesis.json "$config/genesis.json.part"
    mv "$config/genesis.json.part" "$config/genesis.json"
    ;;
  own)
    # A chain of its own: the generated genesis, under the chain id that the spec says.
    sed "s/\\"chain_id\\": *\\"[^\\"]*\\"/\\"chain_id\\": \\"$NODE_CHAIN_ID\\"/" "$config/genesis.json" \\
      > "$config/genesis.json.part"
    mv "$config/genesis.json.part" "$config/genesis.json"
    ;;
esac
`;
