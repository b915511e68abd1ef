// What is wrong with a Restore, without a cluster.

import type { JobAction, StoredSource } from '../../api/job.ts';
import { errorAt, type SpecProblem, warningAt } from '../../api/spec-problem.ts';
import { textAt } from '../../lib/json-value.ts';
import { didYouMean } from '../../lib/nearest.ts';
import { clientsOf } from '../layouts/managed.ts';
import type { CheckContext, CommonSpec } from '../model/job-kind.ts';
import { nodeOf } from './check-nodes.ts';
import { foreignClient } from './foreign-client.ts';

interface RestoreSpec extends CommonSpec {
  readonly node: string;
  readonly backup?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly source?: StoredSource | undefined;
  readonly action: JobAction;
}

/** Exactly one source, one that exists as far as the commit shows, and one that fits the node. */
export function checkRestore(spec: RestoreSpec, context: CheckContext): readonly SpecProblem[] {
  const problems: SpecProblem[] = [];
  if ([spec.backup, spec.snapshot, spec.source].filter((one) => one !== undefined).length !== 1)
    problems.push(errorAt('OneOf', ['spec', 'backup'], 'give exactly one of backup, snapshot and source'));
  if (spec.source !== undefined && spec.deployMethod !== 'managed')
    problems.push(
      errorAt('NotSupported', ['spec', 'source'], 'is for managed nodes; name the Backup of this node in spec.backup'),
    );
  for (const [field, kind] of [
    ['backup', 'Backup'],
    ['snapshot', 'Snapshot'],
  ] as const) {
    const name = spec[field];
    if (name !== undefined) problems.push(...checkSource(spec, { field, kind, name }, context));
  }
  if (spec.action === 'Direct' && nodeOf(spec, spec.node, context)?.spec.desiredState !== 'Stopped')
    problems.push(
      warningAt(
        'DirectRestore',
        ['spec', 'action'],
        'works only while the node is stopped: under a running node the job is refused, because it would corrupt the data',
      ),
    );
  return problems;
}

interface OtherJob {
  readonly spec: unknown;
}

interface Source {
  readonly field: 'backup' | 'snapshot';
  readonly kind: string;
  readonly name: string;
}

function checkSource(spec: RestoreSpec, { field, kind, name }: Source, context: CheckContext): SpecProblem[] {
  const { namespace, others } = context;
  if (others === undefined) return [];
  const source = others.get(`${kind}/${namespace}/${name}`);
  const fits = (other: OtherJob): boolean => isFit(spec, { field, other }, context);
  if (source === undefined)
    return [
      warningAt(
        'UnknownSource',
        ['spec', field],
        `${unknownSource({ kind, namespace, name })}; ${didYouMean(name, namesOf(others, `${kind}/${namespace}/`, fits), 'the job will be refused unless there is one by then')}`,
      ),
    ];
  if (textAt(source.spec, ['deployMethod']) !== 'managed') return [];
  return checkFit(spec, { field, from: textAt(source.spec, ['node']) ?? '' }, context);
}

/** How the message begins: for commands that find the source elsewhere. */
export function unknownSource({ kind, namespace, name }: Record<'kind' | 'namespace' | 'name', string>): string {
  return `no ${kind} ${namespace}/${name} is in this commit`;
}

/** Those that can be restored. */
function namesOf(
  others: NonNullable<CheckContext['others']>,
  prefix: string,
  fits: (other: OtherJob) => boolean,
): readonly string[] {
  return [...others].flatMap(([key, other]) =>
    key.startsWith(prefix) && fits(other) ? [key.slice(prefix.length)] : [],
  );
}

function isFit(
  spec: RestoreSpec,
  { field, other }: { readonly field: string; readonly other: OtherJob },
  context: CheckContext,
): boolean {
  const from = textAt(other.spec, ['node']) ?? '';
  return checkFit(spec, { field, from }, context).every(({ level }) => level !== 'error');
}

/** Chain and network of a node never change. Its clients may have changed since the copy was made. */
function checkFit(
  spec: RestoreSpec,
  { field, from }: { field: string; from: string },
  context: CheckContext,
): SpecProblem[] {
  const [source, node] = [nodeOf(spec, from, context), nodeOf(spec, spec.node, context)];
  if (source === undefined || node === undefined || from === spec.node) return [];
  const path = ['spec', field];
  const [theirs, ours] = [source, node].map((one) => `chain ${one.spec.chain}, network ${one.spec.network}`);
  if (theirs !== ours)
    return [
      errorAt(
        'WrongChain',
        path,
        `is of ${from} (${theirs}), but ${spec.node} is on ${ours}; restore a copy of ${ours}`,
      ),
    ];
  const foreign = foreignClient(clientsOf(source), clientsOf(node));
  if (foreign === undefined) return [];
  const message = `is of ${from}, which runs ${foreign.theirs}, but ${spec.node} runs ${foreign.ours}; the job is refused unless the copy was made with ${foreign.ours}`;
  return [warningAt('WrongClient', path, message)];
}
