// Which credentials of a pull Secret are for which repository.

import { expect, it } from 'vitest';

import { credentialsIn } from '../../src/registry/docker-config.ts';

const auth = (text: string): object => ({ auth: Buffer.from(text).toString('base64') });
const CONFIG = JSON.stringify({
  auths: {
    'https://index.docker.io/v1/': auth('hub:1'),
    'ghcr.io': auth('all:2'),
    'ghcr.io/us': { username: 'us', password: '3:with:colons' },
    'https://10.0.0.1:5000': auth('local:4'),
    '*.example.com': auth('star:5'),
  },
});

it.each([
  ['docker.io/library/geth', 'hub 1'],
  ['ghcr.io/them/geth', 'all 2'],
  ['ghcr.io/us/nodewright', 'us 3:with:colons'],
  ['ghcr.io/usual/nodewright', 'all 2'],
  ['10.0.0.1:5000/a', 'local 4'],
  ['10.0.0.1:50001/a', 'none'],
  ['images.example.com/a', 'star 5'],
  ['deep.images.example.com/a', 'none'],
  ['quay.io/a', 'none'],
])('%s: %s', (repository, expected) => {
  const found = credentialsIn(CONFIG, repository);
  expect(found === undefined ? 'none' : `${found.username} ${found.password}`).toBe(expected);
});

it.each(['', 'secret-text', '[]', '{"auths":"secret-text"}'])('refuses %j, and repeats nothing of it', (text) => {
  expect(() => credentialsIn(text, 'quay.io/a')).toThrow(/^(?!.*secret-text)the file of registry credentials/);
});
