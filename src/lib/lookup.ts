// An entry of a table under a name from outside: `constructor` and `toString` are names of every object.

export function lookup<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
