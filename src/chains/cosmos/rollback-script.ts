// The script that brings a stopped CometBFT node back to a height. It needs sh, sed and tr, like the prepare script.

/**
 * `rollback` goes back one height a run, and says "to height N" (cmd/cometbft/commands/rollback.go, server/rollback.go of
 * the Cosmos SDK). Without --hard it leaves the newest block where it is and puts the state one below it, however often
 * it runs: so it shows how high the node is, and a failure there leaves a node that still starts. With --hard it then
 * removes that block. So the script may be killed anywhere and run again, and never goes below the wanted height.
 *
 * All values arrive as environment variables; nothing of a spec is part of the script.
 */
export const ROLLBACK_SCRIPT = `set -eu
fail() {
  echo "$1" >&2
  exit 1
}

if [ -n "$NODE_APP_VERSION" ]; then
  declared="$(tr -d ' \\t\\n' < "$NODE_HOME/config/genesis.json" | sed -n 's/.*"version":{"app":"\\([0-9]*\\)".*/\\1/p')"
  [ "\${declared:-0}" = "$NODE_APP_VERSION" ] || fail "The genesis says version.app \${declared:-0}, but the application reports \
$NODE_APP_VERSION: after a rollback CometBFT would refuse its own blocks. Nothing was changed. Restore a Backup instead."
fi

step() {
  output="$("$NODE_CLIENT" rollback "$@" --home "$NODE_HOME")" || fail "$NODE_CLIENT rollback $* failed: $output"
  height="$(printf '%s\\n' "$output" | sed -n 's/.*Rolled back .*to height \\([0-9][0-9]*\\) and hash.*/\\1/p')"
  [ -n "$height" ] || fail "$NODE_CLIENT rollback does not say which height it reached: $output"
}

while :; do
  step
  newest=$((height + 1))
  [ "$newest" -ge "$NODE_WANTED_HEIGHT" ] || fail "The newest block is $newest, below $NODE_WANTED_HEIGHT. No block was removed."
  [ "$newest" -gt "$NODE_WANTED_HEIGHT" ] || break
  step --hard
  echo "removed block $newest"
  [ "$height" -gt "$NODE_WANTED_HEIGHT" ] || break
done
echo "The newest block is $NODE_WANTED_HEIGHT."
`;
