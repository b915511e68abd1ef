// Prepares the environment for the options: empty variables, the legacy namespace variable, and switches.

/**
 * Changes `environment` in place, before the options are read. Charts and CI systems set variables to the empty text;
 * `NODEWRIGHT_NO_…` variables are switches, which would otherwise be on with any value.
 */
export function settleEnvironment(environment: NodeJS.ProcessEnv): void {
  const { NOVACULA_OPERATOR_NAMESPACE: legacy, NODEWRIGHT_NAMESPACE: own } = environment;
  if (isEmpty(own) && !isEmpty(legacy)) environment['NODEWRIGHT_NAMESPACE'] = legacy;
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('NODEWRIGHT_')) continue;
    const isSwitchedOff = name.startsWith('NODEWRIGHT_NO_') && /^(0|false|no|off)$/i.test(value ?? '');
    if (isEmpty(value) || isSwitchedOff) delete environment[name];
  }
}

function isEmpty(value: string | undefined): boolean {
  return value === undefined || value.trim() === '';
}
