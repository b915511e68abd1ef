// Prepares the environment for the options: empty variables, variables of another operator, switches, and the folder.

/**
 * Variables of the Novacula operator (https://docs.novacula.io) that have a meaning here: what they are called, and how
 * their value reads. Its other variables are about a control plane, whose place Git takes.
 */
const LEGACY: readonly (readonly [string, string, (value: string) => string])[] = [
  ['NOVACULA_OPERATOR_NAMESPACE', 'NODEWRIGHT_NAMESPACE', (name) => name],
  ['NOVACULA_OPERATOR_NAME', 'NODEWRIGHT_EXECUTOR', (name) => name],
  ['NOVACULA_OPERATOR_HEALTH_PORT', 'NODEWRIGHT_LISTEN', (port) => `0.0.0.0:${port}`],
  ['NOVACULA_METRICS_INTERVAL_MS', 'NODEWRIGHT_OBSERVE_INTERVAL', (milliseconds) => `${milliseconds}ms`],
];

/**
 * Changes `environment` in place, before the options are read. Charts and CI systems set variables to the empty text;
 * `NODEWRIGHT_NO_…` variables are switches, which would otherwise be on with any value.
 */
export function settleEnvironment(environment: NodeJS.ProcessEnv): void {
  readLegacy(environment);
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('NODEWRIGHT_')) continue;
    const isSwitchedOff = name.startsWith('NODEWRIGHT_NO_') && /^(0|false|no|off)$/i.test(value ?? '');
    if (isEmpty(value) || isSwitchedOff) delete environment[name];
  }
}

/**
 * Where `npm run nodewright` was called, which relative paths are meant from: npm runs a script in the folder of its
 * package. Undefined without npm, and below another script, which has chosen its folder itself.
 * https://docs.npmjs.com/cli/v11/commands/npm-run
 */
export function callersFolder(environment: NodeJS.ProcessEnv): string | undefined {
  const { npm_package_name: project, npm_lifecycle_event: script, INIT_CWD: folder = '' } = environment;
  return project === 'nodewright' && script === 'nodewright' && folder !== '' ? folder : undefined;
}

function readLegacy(environment: NodeJS.ProcessEnv): void {
  for (const [legacy, own, convert] of LEGACY) {
    const value = environment[legacy]?.trim() ?? '';
    if (isEmpty(environment[own]) && value !== '') environment[own] = convert(value);
  }
}

function isEmpty(value: string | undefined): boolean {
  return value === undefined || value.trim() === '';
}
