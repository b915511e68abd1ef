// What the environment is made into before the options are read.

import { expect, it } from 'vitest';

import { settleEnvironment } from '../../src/cli/environment.ts';

function settled(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  settleEnvironment(environment);
  return environment;
}

it.each([
  ['NOVACULA_OPERATOR_NAMESPACE', 'nodes', 'NODEWRIGHT_NAMESPACE', 'nodes'],
  ['NOVACULA_OPERATOR_NAME', 'paris', 'NODEWRIGHT_EXECUTOR', 'paris'],
  ['NOVACULA_OPERATOR_HEALTH_PORT', '8080', 'NODEWRIGHT_LISTEN', '0.0.0.0:8080'],
  ['NOVACULA_METRICS_INTERVAL_MS', '5000', 'NODEWRIGHT_OBSERVE_INTERVAL', '5000ms'],
])('reads %s of the Novacula operator, unless our own variable is set', (...row) => {
  const [legacy, value, own, converted] = row;
  expect(settled({ [legacy]: value })[own]).toBe(converted);
  expect(settled({ [legacy]: value, [own]: '' })[own]).toBe(converted);
  expect(settled({ [legacy]: value, [own]: 'mine' })[own]).toBe('mine');
  expect(settled({ [legacy]: ' ' })[own]).toBeUndefined();
});

it.each(['NOVACULA_CONTROL_PLANE_URL', 'NOVACULA_ACCESS_TOKEN', 'NOVACULA_OPERATOR_CHANNEL'])(
  'takes nothing from %s, which is about a control plane',
  (name) => {
    expect(Object.keys(settled({ [name]: 'x' }))).toEqual([name]);
  },
);

it('removes empty variables and switches that are off', () => {
  const environment = { NODEWRIGHT_BRANCH: ' ', NODEWRIGHT_NO_STATUS_BRANCH: 'off', PATH: '', NODEWRIGHT_NO_X: '1' };
  expect(settled(environment)).toEqual({ PATH: '', NODEWRIGHT_NO_X: '1' });
});
