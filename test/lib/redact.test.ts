// Secrets by shape and by value; and what must stay readable.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRedactor, REDACTED, isSecretKey, redact } from '../../src/lib/redact.ts';
import { documentText } from '../../src/status/documents.ts';
import { cpuMsSince } from '../support/cpu-time.ts';

const hex40 = '363a6a8f0c2b4d5e6f708192a3b4c5d6e7f80912';
const hex64 = '4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318';
// Put together here, so that no scanner takes a test for a leak.
const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJpYXQiOjE1MTYyMzkwMjJ9', 'c2lnbmF0dXJlLXNpZ25hdHVyZQ'].join('.');
const pem = [
  '-----BEGIN OPENSSH PRIVATE',
  ' KEY-----\nc2VjcmV0\nbW9yZQ==\n',
  '-----END OPENSSH PRIVATE',
  ' KEY-----',
].join('');

describe('what goes', () => {
  it.each([
    { because: 'user and password of a URL', text: 'fetch https://bob:hunter2@git.example/x', gone: 'hunter2' },
    { because: 'a token as the user of a URL', text: 'https://tok3nvalue@git.example/x', gone: 'tok3nvalue' },
    { because: 'a password with an unescaped @', text: 'https://bob:hun@ter2@git.example', gone: 'ter2' },
    { because: 'a password with an unescaped slash', text: 'https://bob:hun/ter2@git.example', gone: 'ter2' },
    { because: 'any scheme', text: 'postgres://u:hunter2@db/x', gone: 'hunter2' },
    { because: 'a token in a query', text: 'GET /x?a=1&token=s3cr3t&b=2', gone: 's3cr3t' },
    { because: 'a SAS signature in a query', text: 'https://blob/x?sv=1&sig=abc%2Bdef%3D', gone: 'abc%2Bdef' },
    { because: 'password=', text: 'password=hunter2', gone: 'hunter2' },
    { because: 'an environment variable', text: 'GITHUB_TOKEN=abcdef', gone: 'abcdef' },
    { because: 'a quoted value with spaces', text: 'password="two words here"', gone: 'words' },
    { because: 'a quoted value with an escaped quote', text: String.raw`password="a\"hunter2"`, gone: 'hunter2' },
    { because: 'what is glued to a quoted value', text: 'password=""hunter2', gone: 'hunter2' },
    { because: 'JSON', text: '{"password":"hunter2","user":"bob"}', gone: 'hunter2' },
    { because: 'JSON in JSON', text: String.raw`"{\"password\":\"hunter 2xyz\"}"`, gone: '2xyz' },
    { because: 'YAML', text: 'apiKey: abc123', gone: 'abc123' },
    { because: 'a client secret', text: 'client_secret=hunter2', gone: 'hunter2' },
    { because: 'a flag', text: 'run --rpc-password hunter2 --x', gone: 'hunter2' },
    { because: 'rpcauth of bitcoind', text: 'rpcauth=bob:salt$0a1b', gone: '0a1b' },
    { because: 'rpcpass of btcd', text: 'rpcuser=bob\nrpcpass=0a1b', gone: '0a1b' },
    { because: 'a Basic header', text: 'Authorization: Basic Ym9iOmh1bnRlcjI=', gone: 'Ym9iOmh1bnRlcjI' },
    { because: 'a Bearer header', text: 'authorization: bearer abcdefgh12345', gone: 'abcdefgh12345' },
    { because: 'a header as JSON', text: '{"authorization":"token abcdef1234"}', gone: 'abcdef1234' },
    { because: 'Bearer without its header', text: 'sent Bearer abcdefgh12345', gone: 'abcdefgh12345' },
    { because: 'a PEM block', text: `x ${pem} y`, gone: 'c2VjcmV0' },
    { because: 'a PEM block that was cut off', text: pem.slice(0, 60), gone: 'c2VjcmV0' },
    { because: 'a GitHub token', text: `x ghp_${'a1B2'.repeat(9)}`, gone: 'a1B2a1B2' },
    { because: 'a fine-grained GitHub token', text: `github_pat_${'a1B2_'.repeat(9)}`, gone: 'a1B2_a1B2' },
    { because: 'a GitLab token', text: `glpat-${'a1B2'.repeat(6)}`, gone: 'a1B2a1B2' },
    { because: 'a Slack token', text: ['xoxb', '123456789012', 'abcdef'].join('-'), gone: '123456789012' },
    { because: 'a JSON Web Token', text: `got ${jwt}.`, gone: 'c2lnbmF0dXJl' },
    { because: 'an AWS key id', text: ['key AKIA', 'IOSFODNN7EXAMPLE'].join(''), gone: 'IOSFODNN7EXAMPLE' },
    { because: 'an AWS secret key', text: 'aws_secret_access_key = wJalrXUtnFEMI/K7', gone: 'wJalrXUtnFEMI' },
    { because: 'a private key after its name', text: `private key 0x${hex64}`, gone: hex64 },
    { because: 'a private key in JSON', text: `{"privKey": "${hex64}"}`, gone: hex64 },
    { because: 'a JWT secret of the engine API', text: `jwt secret ${hex64}`, gone: hex64 },
  ])('$because', ({ text, gone }) => {
    const result = redact(text);
    expect(result).not.toContain(gone);
    expect(result).toContain('[redacted]');
    expect(redact(result)).toBe(result);
  });
});

it('changes nothing more in what it has redacted', () => {
  const keys = ['token=', 'password: ', '--rpc-password ', 'private key ', 'Bearer ', 'authorization: ', 'https://'];
  const others = ['user:', '"', "'", String.raw`\"`, '@', '&', ' ', ',', ')', ']', 'x', hex64, jwt, REDACTED];
  const parts = fc.constantFrom(...keys, ...others);
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 10 }), (texts) => {
      const once = redact(texts.join(''));
      expect(redact(once)).toBe(once);
    }),
    { numRuns: 3000 },
  );
});

describe('what stays', () => {
  it.each([
    { because: 'a revision', text: `main@sha1:${hex40}` },
    { because: 'an image digest', text: `docker.io/ethereum/client-go@sha256:${hex64}` },
    { because: 'a transaction hash', text: `tx 0x${hex64} failed` },
    { because: 'a block hash', text: `block hash=0x${hex64}` },
    { because: 'a URL with a port and an @ in its path', text: 'http://registry:4873/@scope/package' },
    { because: 'a URL without a user', text: 'https://git.example/team/fleet.git' },
    { because: 'the name of a Secret', text: 'spec.identity.secretName: must be a lower-case RFC 1123 label' },
    { because: "Kubernetes' own words on a Secret", text: 'secret "eth-keys" not found' },
    { because: 'prose about authentication', text: 'Basic authentication failed' },
    { because: 'an SSH remote', text: 'git@git.example:team/fleet.git' },
    { because: 'an enode', text: `enode://${hex64}${hex64}:30303` },
    { because: 'a mail address', text: 'bob@example.org' },
  ])('$because', ({ text }) => {
    expect(redact(text)).toBe(text);
  });
});

describe('a credential in every form that a server or a library repeats', () => {
  const secret = 'p@ss/w"ord+1 x';
  const hide = createRedactor([secret]);

  it.each([
    { form: 'plain', text: secret },
    { form: 'percent-encoded', text: encodeURIComponent(secret) },
    { form: 'in a URL', text: encodeURI(secret) },
    { form: 'in JSON', text: JSON.stringify({ said: secret }) },
    { form: 'in JSON in JSON', text: JSON.stringify(JSON.stringify({ said: secret })) },
    { form: 'in base64', text: Buffer.from(secret).toString('base64') },
    { form: 'in base64 for URLs', text: Buffer.from(secret).toString('base64url') },
    { form: 'in Basic authentication', text: Buffer.from(`git:${secret}`).toString('base64') },
  ])('$form: does not reach a file of the status branch', ({ text }) => {
    const file = documentText({ summary: `the server says: ${text}`, [text]: [text] }, hide);
    expect(file).toContain(REDACTED);
    for (const part of ['p@ss', 'p%40ss', 'w"ord', 'w%22ord', 'w\\"ord', 'QHNzL3c', 'BAc3Mvd', 'BzcHdy'])
      expect(file).not.toContain(part);
  });
});

describe('createRedactor', () => {
  const secret = 'zK9-pl+ain/val?ue';
  const hide = createRedactor([secret, 'abc', 'first line of a key\nsecond line of a key']);

  it.each([
    { because: 'the value itself', text: `x${secret}y`, gone: secret },
    { because: 'percent-encoded', text: encodeURIComponent(secret), gone: 'zK9' },
    { because: 'one line of a secret with several', text: 'see: second line of a key', gone: 'second line' },
    ...['', 'u', 'me', 'bob', 'git:', 'x-access-token:'].map((user) => ({
      because: `inside Basic with the user "${user}"`,
      text: Buffer.from(`${user}${secret}`).toString('base64'),
      gone: Buffer.from(`${user}${secret}`)
        .toString('base64')
        .slice(user.length * 2 + 2, -4),
    })),
  ])('$because', ({ text, gone }) => {
    expect(hide(text)).not.toContain(gone);
  });

  it('ignores values that are too short to be distinguished from words', () => {
    expect(hide('abc is fine')).toBe('abc is fine');
  });

  it('never lets a given secret through', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), fc.string(), fc.string(), (value, before, after) => {
        const known = value.trim();
        fc.pre(known.length >= 6 && !'[redacted]'.includes(known));
        // The text around may itself repeat parts of the secret; only what was planted whole is looked for.
        expect(createRedactor([known])(`${before} ${known} ${after}`)).not.toContain(known);
      }),
    );
  });
});

describe('the kind Secret in a message', () => {
  it.each(['watch Secret: connection broke', 'list Secret: forbidden, ask an administrator'])('stays: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it.each([
    'secret: hunter2',
    'Secret: hunter',
    'watch Secret: hunter2 again',
    'watch Secret: "connection broke"',
    'get secret: connection broke',
    'watch Secret=connection broke',
    'watch Secret: connection',
  ])('is a key where a value may follow: %s', (text) => {
    expect(redact(text)).toContain('[redacted]');
  });
});

describe('isSecretKey', () => {
  it.each([
    { key: 'password', want: true },
    { key: 'apiToken', want: true },
    { key: 'clientSecret', want: true },
    { key: 'secretName', want: false },
    { key: 'message', want: false },
  ])('$key: $want', ({ key, want }) => {
    expect(isSecretKey(key)).toBe(want);
  });
});

describe('time', () => {
  const units = [
    'eyJ', 'eyJ.', '-eyJ', 'https://', 'https://a:', 'a://b:c', 'token="', "token='", 'token=\\"', 'password', 'token=', '--a.', 'a.b-',
    '-----BEGIN A-----', '-----BEGIN ', 'private key ', 'secret ', 'authorization ', 'Basic ', 'ghp_', 'xoxb-', 'AKIA', 'a', '0', '\\', '"',
  ]; // prettier-ignore
  it.each(units)('is linear for a long run of %j', (unit) => {
    const before = process.threadCpuUsage();
    redact(unit.repeat(Math.ceil(300_000 / unit.length)));
    expect(cpuMsSince(before)).toBeLessThan(4_000);
  });
});
