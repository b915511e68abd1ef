// Values of options and fields, HTTP requests, and texts that are cleaned before they are shown.

import { once } from 'node:events';
import { connect } from 'node:net';

import { InvalidArgumentError } from 'commander';

import * as options from '../../../src/cli/option.ts';
import { showable } from '../../../src/desired/text/problem.ts';
import { parseCron } from '../../../src/jobs/requests/cron.ts';
import { nextRun } from '../../../src/jobs/requests/schedule-clock.ts';
import { dueRun, isRunOf } from '../../../src/jobs/requests/schedule.ts';
import { cleanLine, cleanText } from '../../../src/lib/clean-text.ts';
import { clip } from '../../../src/lib/clip.ts';
import { parseDuration } from '../../../src/lib/duration.ts';
import { applyPatch, type PatchOperation } from '../../../src/lib/json-patch.ts';
import { member, textAt } from '../../../src/lib/json-value.ts';
import { nearest } from '../../../src/lib/nearest.ts';
import { parseQuantity, sameQuantity } from '../../../src/lib/quantity.ts';
import { createRedactor } from '../../../src/lib/redact.ts';
import { epochSeconds } from '../../../src/lib/rfc3339.ts';
import { readYaml } from '../../../src/lib/yaml/read.ts';
import { checkBranch, checkUrl } from '../../../src/git/remote.ts';
import { GitError } from '../../../src/git/errors.ts';
import { startWeb } from '../../../src/web/server.ts';
import { SECRET, type Reader } from '../reader.ts';

const ARGUMENTS = [
  options.durationArgument, options.listArgument, options.namesArgument, options.nameArgument, options.branchArgument,
  options.repositoryArgument, options.addressArgument, options.authorArgument, options.messageArgument,
]; // prettier-ignore

const redactor = createRedactor([SECRET]);
let web: { readonly port: number } | undefined;

/** The bytes of a request to the server of the probes, and its answer. */
async function askWeb(input: Buffer): Promise<string> {
  web ??= await startWeb({
    host: '127.0.0.1',
    port: 0,
    health: () => ({ live: true, ready: true, reasons: [] }),
    metrics: { contentType: 'text/plain', text: () => Promise.resolve('# metrics\n') },
  });
  const socket = connect(web.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk))).on('error', () => undefined);
  socket.end(input);
  await once(socket, 'close');
  return answer;
}

function valueIn(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString());
  } catch {
    return undefined;
  }
}

function isOperation(value: unknown): boolean {
  const op = textAt(value, ['op']) ?? '';
  return (
    ['add', 'remove', 'replace', 'move', 'copy', 'test'].includes(op) &&
    textAt(value, ['path']) !== undefined &&
    typeof (member(value, 'from') ?? '') === 'string'
  );
}

export const readers: readonly Reader[] = [
  {
    name: 'option-values',
    corpus: [
      '30s',
      'a,b',
      'main',
      'https://git.example.com/fleet.git',
      '127.0.0.1:8080',
      'A <a@example.com>',
      'x: {subject}',
    ],
    read: (input) => {
      for (const read of ARGUMENTS) {
        try {
          read(input.toString());
        } catch (error) {
          if (!(error instanceof InvalidArgumentError)) throw error;
        }
      }
      return undefined;
    },
  },
  {
    name: 'git-url',
    corpus: ['https://git.example.com/fleet.git', 'http://user:pw@192.0.2.1/x', 'main'],
    read: (input) => [checkUrl(input.toString()).href, checkBranch(input.toString())],
    mayThrow: (error) => error instanceof GitError,
  },
  {
    name: 'quantities',
    corpus: ['1.5Gi', '500m', '1h30m', '2026-03-01T12:00:00.5Z', 'true'],
    read: (input) => {
      const text = input.toString();
      return [
        parseQuantity(text),
        sameQuantity(text, '1'),
        parseDuration(text),
        epochSeconds(text),
        nearest(text, ['storage', 'chain']),
      ];
    },
  },
  {
    name: 'cron',
    corpus: ['*/5 0-6,12 1 jan-dec mon', '0 0 29 2 *', '* * * * *', '0 0 31 2 *'],
    read: (input) => {
      const schedule = input.toString();
      const parsed = parseCron(schedule);
      return [
        parsed,
        nextRun({ schedule, timeZone: 'Europe/Berlin' }, 1_790_000_000_000),
        isRunOf('nightly', schedule),
      ];
    },
  },
  {
    name: 'due-runs',
    corpus: ['* * * * *', '*/7 1 * * *', '0 0 29 2 0'],
    cases: 40,
    read: (input) => {
      const now = 1_790_000_000_000;
      const expression = { schedule: input.toString(), timeZone: 'America/New_York' };
      const spec = { concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 7 * 86_400, suspend: false } as const;
      return dueRun({
        name: 'n',
        spec,
        lastScheduled: now - 9 * 86_400_000,
        now,
        nextTime: (after) => nextRun(expression, after),
        runs: [],
      });
    },
  },
  {
    name: 'json-patch',
    isJson: true,
    cases: 150,
    corpus: [
      JSON.stringify([
        { op: 'add', path: '/a/-', value: 1 },
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'test', path: '/c~1d', value: {} },
      ]),
      JSON.stringify([
        { op: 'move', from: '/a/0', path: '/a/1' },
        { op: 'remove', path: '/b' },
        { op: 'replace', path: '', value: {} },
      ]),
    ],
    read: (input) => {
      const operations = valueIn(input);
      // The schema of a patch lets nothing else through.
      if (!Array.isArray(operations) || !operations.every(isOperation)) return undefined;
      const result = applyPatch({ a: [1, 2], b: { c: 1 }, 'c/d': {} }, operations as PatchOperation[]);
      return result.ok ? result : { ...result, message: showable(result.message) };
    },
  },
  {
    name: 'plain-yaml',
    corpus: ['a: 1\nb: [x, {y: "z"}]\n', '- |\n  text\n- >-\n  folded\n- !!str 1\n'],
    read: (input) => readYaml(input.toString(), { length: 2 ** 20 }),
  },
  {
    name: 'shown-texts',
    corpus: [
      `token=${SECRET} https://user:${SECRET}@example.com/?access_token=${SECRET}&x=1`,
      `{"private_key": "${SECRET}", "password":"\\"x"} Authorization: Bearer ${SECRET}`,
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n\u001b[31mred\u001b[0m\u202eabc',
    ],
    read: (input) => {
      const text = input.toString();
      const known = redactor(text);
      if (known.includes(SECRET)) throw new Error('shows a secret that it knows');
      // What a mutation made of the secret is another text.
      const rest = known.replaceAll(/[0-9a-f]{16,}/g, '');
      return { message: clip(rest), because: cleanLine(rest, 500), problems: cleanText(rest, 500) };
    },
  },
  {
    name: 'web-requests',
    cases: 60,
    corpus: [
      'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc',
      'HEAD /readyz?x=1 HTTP/1.0\r\n\r\n',
    ],
    maxBytes: 16 * 1024,
    read: async (input) => {
      const answer = await askWeb(input);
      if (answer !== '' && !/^HTTP\/1\.1 (?:200|400|404|405|408|413|417|431|503|505) /.test(answer))
        throw new Error(`answers ${answer.slice(0, 60)}`);
      return undefined;
    },
  },
];
