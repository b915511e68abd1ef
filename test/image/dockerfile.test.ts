// The Dockerfile gives containers the configuration that the tests in a cluster use.

import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { IMAGE_CONFIG } from '../../src/image/config.ts';

const text = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8').replaceAll(/\\\n\s*/g, '');
const stages = text.split(/^FROM /m).slice(1);
const last = stages.at(-1) ?? '';

function instruction(name: string): string {
  return new RegExp(`^${name} (.*)$`, 'm').exec(last)?.[1] ?? '';
}

it('runs as the same user, in the same folder, with the same command and environment', () => {
  expect(JSON.parse(instruction('ENTRYPOINT'))).toEqual(IMAGE_CONFIG.entrypoint);
  expect(instruction('USER')).toBe(IMAGE_CONFIG.user);
  expect(instruction('WORKDIR')).toBe(IMAGE_CONFIG.workingDirectory);
  const environment = instruction('ENV')
    .split(' ')
    .map((pair) => pair.split('=', 2));
  expect(Object.fromEntries(environment)).toEqual(IMAGE_CONFIG.environment);
});

it('has the same labels, and those that only a build knows', () => {
  const labels = Object.fromEntries(
    [...instruction('LABEL').matchAll(/([a-z.]+)="([^"]*)"/g)].map(([, key = '', value]) => [key, value]),
  );
  expect(labels).toMatchObject(IMAGE_CONFIG.labels);
  expect(Object.keys(labels)).toEqual(
    expect.arrayContaining(['version', 'revision', 'base.name'].map((name) => `org.opencontainers.image.${name}`)),
  );
});

it('begins its last stage with nothing, so that it has no shell and no package manager', () => {
  expect(last.split('\n')[0]).toBe('scratch');
  expect(last).not.toMatch(/^RUN /m);
});

it('names one base in one place, so that a release can name it by its digest', () => {
  expect(stages.map((stage) => stage.split(/[\s]/)[0])).toEqual(['${GO_BASE}', '${BASE}', '${BASE}', 'scratch']);
});

it('builds the engine for backups as the tests build it', () => {
  expect(text).toContain('go build -tags disable_grpc_modules -trimpath -buildvcs=false');
  expect(text).toContain('CGO_ENABLED=0 GOFLAGS=-mod=readonly');
});
