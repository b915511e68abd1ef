// Variables and folders from Secrets: what a value that cannot be checked may not set.

import { describe, expect, it } from 'vitest';

import { example, nodeWith } from './examples.ts';

function codesOf(name: string, fields: Record<string, unknown>): readonly string[] {
  const { chain } = example(name);
  return chain
    .check(nodeWith(name, fields).spec)
    .filter(({ level }) => level === 'error')
    .map(({ code, path }) => `${code} ${path.join('.')}`);
}

const variable = (name: string) => ({ name, secretName: 's', key: 'k' });

describe('a variable from a Secret', () => {
  it.each([
    { name: 'LD_PRELOAD', of: 'ethereum-geth-lighthouse', role: 'el' },
    { name: 'JAVA_OPTS', of: 'ethereum-geth-lighthouse', role: 'cl' },
    { name: 'JAVA_TOOL_OPTIONS', of: 'ethereum-geth-lighthouse', role: 'cl' },
    { name: 'NODE_OPTIONS', of: 'ethereum-geth-lighthouse', role: 'cl' },
    { name: 'GETH_DATADIR', of: 'ethereum-geth-lighthouse', role: 'el' },
    { name: 'CMT_PRIV_VALIDATOR_KEY_FILE', of: 'cosmos-validator', role: 'node' },
    { name: 'CMTPRIV_VALIDATOR_KEY_FILE', of: 'cosmos-validator', role: 'node' },
    { name: 'GAIAD_HOME', of: 'cosmos-gaia', role: 'node' },
    { name: 'GAIA_HOME', of: 'cosmos-gaia', role: 'node' },
  ])('may not be $name of $of', ({ name, of, role }) => {
    expect(codesOf(of, { secretEnv: { [role]: [variable(name)] } })).toEqual([
      `ManagedSetting spec.secretEnv.${role}.0.name`,
    ]);
  });

  it('may have a name that means nothing to the client', () => {
    expect(codesOf('ethereum-geth-lighthouse', { secretEnv: { el: [variable('PUSH_TOKEN')] } })).toEqual([]);
  });

  it('is set once, for a role that exists', () => {
    const twice = { secretEnv: { el: [variable('A'), variable('A')] } };
    expect(codesOf('ethereum-geth-lighthouse', twice)).toEqual(['DuplicateName spec.secretEnv.el.1.name']);
    expect(codesOf('ethereum-geth-lighthouse', { secretEnv: { xl: [variable('A')] } })).toEqual([
      'UnknownRole spec.secretEnv.xl',
    ]);
  });
});

describe('a folder from a Secret', () => {
  it.each([
    { because: 'a path that climbs', mounts: [{ secretName: 's', path: '/mnt/../data' }], code: 'InvalidSetting' },
    {
      because: 'the same folder twice',
      mounts: [
        { secretName: 's', path: '/mnt/a' },
        { secretName: 't', path: '/mnt/a' },
      ],
      code: 'DuplicateName',
    },
  ])('is refused with $because', ({ mounts, code }) => {
    expect(codesOf('ethereum-geth-lighthouse', { secretMounts: { el: mounts } })[0]).toContain(code);
  });
});
