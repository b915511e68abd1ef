// When two spellings name the same setting.

/**
 * Clients read a name in several spellings: yargs accepts `jwt-secret` for `jwtSecret`, Nethermind `jsonrpc-host` for
 * `JsonRpc.Host`, Nim ignores `-` and `_`, viper turns every mark into `_`. So only letters and digits count.
 */
export function bareName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** The entry of `list` that `name` sets, also in its negated form: Bitcoin Core and yargs read `nolisten` as `listen=0`. */
export function findSetting(list: readonly string[], name: string): string | undefined {
  const bare = bareName(name);
  return list.find((one) => bareName(one) === bare) ?? list.find((one) => `no${bareName(one)}` === bare);
}
