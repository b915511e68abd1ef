// Command-line flags as data: what the controller sets, what people may add, how they become arguments.

/** Flag (without dashes) → value; an empty value gives the flag alone. */
export type Flags = Readonly<Record<string, string>>;

/**
 * `{port: '30303', metrics: ''}` → `['--port=30303', '--metrics']`, in the order given. Later maps override earlier ones;
 * the later value keeps the earlier place, so that an override changes one line of the output.
 */
export function toArguments(dashes: '-' | '--', ...layers: readonly Flags[]): string[] {
  const merged: Flags = Object.assign({}, ...layers);
  return Object.entries(merged).map(([flag, value]) =>
    value === '' ? `${dashes}${flag}` : `${dashes}${flag}=${value}`,
  );
}

/** The members that apply: `given(archive, {gcmode: 'archive'})`. */
export function given(condition: boolean, flags: Flags): Flags {
  return condition ? flags : {};
}
