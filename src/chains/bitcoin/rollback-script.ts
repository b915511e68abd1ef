// The script that brings a stopped bitcoind back to a height. It needs sh, sed and tr, and bitcoin-cli beside bitcoind.

/**
 * bitcoind is started alone, with its network off, and stopped in good order at the end. Its arguments are the script's.
 * A block called invalid stays so over a restart, and all above it; `reconsiderblock` takes that back for a whole branch
 * (src/validation.cpp). So the script may be killed anywhere and run again: it continues from what it finds.
 *
 * Another branch may have the most work once a block is invalid: then its block at that height is called invalid as well.
 *
 * All values arrive as arguments and environment variables; nothing of a spec is part of the script.
 */
export const ROLLBACK_SCRIPT = `set -eu
bitcoind "$@" &
server=$!

rpc() {
  bitcoin-cli -chain="$NODE_CHAIN" -datadir="$NODE_DATA" -rpcclienttimeout=0 "$@"
}

end() {
  rpc stop > /dev/null || true
  wait "$server" || true
}

fail() {
  echo "$1" >&2
  end
  exit 1
}
trap 'fail "Stopped by a signal."' TERM

# It answers with an error while it reads its database.
until height="$(rpc getblockcount 2> /dev/null)"; do
  kill -0 "$server" 2> /dev/null || { wait "$server" || true; echo "bitcoind ended before it could be asked" >&2; exit 1; }
  sleep 1
done
[ "$height" -ge "$NODE_WANTED_HEIGHT" ] || fail "The newest block is $height, below $NODE_WANTED_HEIGHT. Nothing was changed."

information="$(rpc getblockchaininfo)"
kept="$(printf '%s' "$information" | tr -d ' \\n' | sed -n 's/.*"pruneheight":\\([0-9]*\\).*/\\1/p')"
[ "\${kept:-0}" -le "$((NODE_WANTED_HEIGHT + 1))" ] || fail "Blocks below $kept are pruned, and without them bitcoind can't go back to \
$NODE_WANTED_HEIGHT. Nothing was changed. Restore a Backup instead."

while [ "$height" -gt "$NODE_WANTED_HEIGHT" ]; do
  block="$(rpc getblockhash "$((NODE_WANTED_HEIGHT + 1))")"
  rpc invalidateblock "$block" || fail "invalidateblock $block failed at block $height."
  height="$(rpc getblockcount)"
  echo "block $block is invalid"
done
echo "The newest block is $height."

if [ -n "$NODE_FOLLOWS_OTHERS" ]; then
  tips="$(rpc getchaintips)"
  for block in $(printf '%s' "$tips" | tr -d ' \\n' | tr '}' '\\n' | sed -n '/"status":"invalid"/s/.*"hash":"\\([0-9a-f]*\\)".*/\\1/p'); do
    rpc reconsiderblock "$block"
    echo "block $block and those below it are verified again"
  done
fi
end
`;
