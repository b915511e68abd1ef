// One watch: the changes of a kind from a moment on, until the server, the network or we end it.

import type { Readable } from 'node:stream';

import type { KubeObject } from '../api/objects.ts';
import { member, textAt } from '../lib/json-value.ts';
import { KubeError } from './kube-error.ts';
import { describeScope, type ListScope } from './list.ts';
import { collectionPath } from './paths.ts';
import { readErrorResponse } from './read-status.ts';
import type { Rest } from './rest.ts';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: KubeObject;
}

export interface WatchOptions extends ListScope {
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
  /** How long the server is asked to keep it open. */
  readonly timeoutSeconds: number;
  /** Silence that long means that the other side is gone; API servers send a bookmark about every minute. */
  readonly inactivityMs: number;
  /** The server accepted it. */
  readonly onOpen: () => void;
  /** Bytes came. */
  readonly onContact: () => void;
}

/** An object is at most 1.5 MiB in etcd; JSON may make it longer. */
const MAX_LINE = 32 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 30_000;

/**
 * Yields changes in order; ends when the server closes the watch in good order. Throws KubeError: GONE when the
 * version is too old, NETWORK, TIMEOUT on silence, and every error of the server. Leaving the loop closes the watch.
 */
export async function* watchEvents(rest: Rest, options: WatchOptions): AsyncGenerator<WatchEvent, void> {
  const body = await openWatch(rest, options);
  const guard = guardBody(body, options);
  try {
    options.onOpen();
    for await (const line of readLines(body, guard.touch, options)) {
      yield parseEvent(line, options);
    }
  } catch (error) {
    if (error instanceof KubeError) throw error;
    throw guard.explain(error);
  } finally {
    guard.release();
    body.destroy();
  }
}

function openWatch(rest: Rest, options: WatchOptions): Promise<Readable> {
  const { kind, namespace, labelSelector, resourceVersion, timeoutSeconds, signal } = options;
  return rest.stream({
    verb: 'watch',
    method: 'GET',
    kind: kind.kind,
    about: describeScope(options),
    path: collectionPath(kind, namespace),
    query: { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds, labelSelector },
    idempotent: true,
    timeoutMs: HEADERS_TIMEOUT_MS,
    signal,
  });
}

interface Guard {
  /** Data arrived: restarts the inactivity limit. */
  readonly touch: () => void;
  /** Why reading failed. */
  explain(error: unknown): KubeError;
  release(): void;
}

/** Destroys the body when the signal aborts or nothing comes for too long. */
function guardBody(body: Readable, options: WatchOptions): Guard {
  const { signal, inactivityMs, onContact } = options;
  let silent = false;
  const stop = (): void => void body.destroy();
  const timer = setTimeout(() => {
    silent = true;
    body.destroy();
  }, inactivityMs);
  signal.addEventListener('abort', stop, { once: true });
  // Reading reports errors as well; this one keeps a late error from becoming an uncaught one.
  body.on('error', () => undefined);
  if (signal.aborted) stop();

  function explain(cause: unknown): KubeError {
    const doing = `watch ${describeScope(options)}`;
    if (signal.aborted) return new KubeError('ABORTED', `${doing}: given up`);
    if (silent) return new KubeError('TIMEOUT', `${doing}: nothing heard for ${inactivityMs / 1000} s`);
    return new KubeError('NETWORK', `${doing}: the connection broke`, { cause });
  }

  return {
    touch() {
      timer.refresh();
      onContact();
    },
    explain,
    release() {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    },
  };
}

/** Complete lines; a last one that the connection's end cut off is dropped: it comes again from the old version. */
async function* readLines(body: Readable, touch: () => void, scope: ListScope): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    touch();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) throw new KubeError('TOO_LARGE', `watch ${describeScope(scope)}: an endless event`);
    yield* lines.filter((line) => line !== '');
  }
}

/** Every object of an API server has a version, and metadata without which nothing can be said of it. */
function isVersioned(object: unknown): object is KubeObject {
  return textAt(object, ['metadata', 'resourceVersion']) !== undefined;
}

function parseEvent(line: string, scope: WatchOptions): WatchEvent {
  const doing = `watch ${describeScope(scope)}`;
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new KubeError('UNEXPECTED', `${doing}: an event is no JSON`);
  }
  const [type, object] = [member(event, 'type'), member(event, 'object')];
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      if (!isVersioned(object)) break;
      return { type, object };
    case 'ERROR': {
      const code = member(object, 'code');
      const status = typeof code === 'number' ? code : 500;
      throw readErrorResponse({ status, text: JSON.stringify(object) ?? '' }, doing, scope.kind.kind === 'Secret');
    }
  }
  throw new KubeError('UNEXPECTED', `${doing}: an event of an unknown type or without a version`);
}
