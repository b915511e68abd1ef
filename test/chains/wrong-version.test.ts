// Versions that name no release are refused with what to write.

import { expect, it } from 'vitest';

import { nodeFile, read } from '../support/desired-files.ts';

const PLACE = 'nodes/a.yaml:';

function messagesFor(version: string): readonly string[] {
  const text = nodeFile('a', (file) => file.replace(/version: .*?(?= \}|$)/m, `version: ${JSON.stringify(version)}`));
  const { problems } = read({ 'nodes/a.yaml': text });
  return problems.map(({ file, line, code, message }) => `${file}:${line} ${code} ${message}`);
}

it.each(['latest', 'stable', 'master', '', '1.x', '~1.16', 'sha256:abc', 'ethereum/client-go:v1.16.7'])(
  'refuses %j',
  (version) => {
    const [message, more] = messagesFor(version);
    expect(message).toMatch(/InvalidVersion .* is not the version of a release: write one of \w+, such as [\d.]+;/);
    expect(message).toContain(PLACE);
    expect(more).toBeUndefined();
  },
);

it.each(['V1.16.9', ' 1.16.9', '1.16.9 ', 'vv1.16.9', '=1.16.9'])('says how to write %j', (version) => {
  expect(messagesFor(version)[0]).toContain('is not the version of a release: write "1.16.9"');
});

it.each(['1.99.9', 'v1.99.9', '1.99.9-alpine'])('accepts %j', (version) => {
  expect(messagesFor(version)).toEqual([]);
});
