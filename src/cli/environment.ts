// The environment as the options expect it: what is empty is unset, the first seed's variable counts, a switch can be off.

/**
 * Changes `environment` in place, before the options are read. Charts and CI systems set variables to nothing;
 * `NODEWRIGHT_NO_…` variables are switches, which would be on whatever their value.
 */
export function settleEnvironment(environment: NodeJS.ProcessEnv): void {
  const { NOVACULA_OPERATOR_NAMESPACE: seed, NODEWRIGHT_NAMESPACE: own } = environment;
  if (isEmpty(own) && !isEmpty(seed)) environment['NODEWRIGHT_NAMESPACE'] = seed;
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('NODEWRIGHT_')) continue;
    const isSwitchedOff = name.startsWith('NODEWRIGHT_NO_') && /^(0|false|no|off)$/i.test(value ?? '');
    if (isEmpty(value) || isSwitchedOff) delete environment[name];
  }
}

function isEmpty(value: string | undefined): boolean {
  return value === undefined || value.trim() === '';
}
