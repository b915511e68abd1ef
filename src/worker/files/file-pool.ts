// Copies files in worker threads and hands the outcomes back in the order in which the files were submitted.

import { Worker } from 'node:worker_threads';

import type { Counts } from '../progress.ts';
import { CELL, type Batch, type BatchReply, type FileOutcome, type FileTask } from './file-task.ts';
import { throwIfStopped } from '../task-error.ts';

const BATCH_TASKS = 64;
const BATCH_BYTES = 4 << 20;
// Two batches a worker: one in work, one waiting, so that no worker waits for the main thread.
const PER_WORKER = 2;
const MAX_WAITING = 4096;
// A thread keeps next to nothing beside its buffer; without limits V8 lets garbage pile up in each.
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

interface Item {
  outcome?: FileOutcome;
  readonly done?: (outcome: FileOutcome) => void;
  readonly run?: () => void;
}

export class FilePool {
  readonly #cells = new BigInt64Array(new SharedArrayBuffer(CELL.count * 8));
  readonly #workers: Worker[] = [];
  readonly #load: number[] = [];
  readonly #signal: AbortSignal;
  readonly #sent = new Map<number, readonly Item[]>();
  #order: Item[] = [];
  #head = 0;
  #tasks: FileTask[] = [];
  #items: Item[] = [];
  #bytes = 0;
  #sequence = 0;
  #waiting: Batch[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal, threads = 2) {
    this.#signal = signal;
    signal.addEventListener('abort', this.#stop, { once: true });
    // Compiled, the neighbour is a `.js` file; run from source it is a `.ts` file.
    const file = new URL(`./copy-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
    for (let index = 0; index < threads; index++) {
      const worker = new Worker(file, {
        workerData: this.#cells.buffer,
        execArgv: [],
        env: {},
        resourceLimits: LIMITS,
      });
      worker.on('message', (reply: BatchReply) => this.#receive(index, reply));
      worker.on('error', (error) => this.#fail(error));
      this.#workers.push(worker);
      this.#load.push(0);
    }
  }

  /** Bytes read and files finished so far, also within a file. */
  counts(): Counts {
    return {
      bytes: Number(Atomics.load(this.#cells, CELL.bytes)),
      files: Number(Atomics.load(this.#cells, CELL.files)),
    };
  }

  /** Queues a file. `done` runs in this thread, after everything submitted before it. */
  submit(task: FileTask, done: (outcome: FileOutcome) => void): void {
    const item: Item = { done };
    this.#order.push(item);
    this.#items.push(item);
    this.#tasks.push(task);
    this.#bytes += task.seen.size;
    if (this.#tasks.length >= BATCH_TASKS || this.#bytes >= BATCH_BYTES) this.#flush();
  }

  /** Calls `run` once everything submitted before it is done. */
  after(run: () => void): void {
    this.#order.push({ run });
    this.#drain();
  }

  /** Waits while much is under way. Throws the first trouble: a callback's, a worker's, or the signal's. */
  async room(): Promise<void> {
    await this.#until(() => this.#waiting.length < 2 && this.#order.length - this.#head < MAX_WAITING);
  }

  /** Waits for all that was submitted. */
  async finish(): Promise<void> {
    this.#flush();
    await this.#until(() => this.#head === this.#order.length);
  }

  /** Stops the threads. Only afterwards may the directories that tasks named be closed: numbers of descriptors return. */
  async close(): Promise<void> {
    this.#stop();
    this.#signal.removeEventListener('abort', this.#stop);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #until(ready: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      throwIfStopped(this.#signal);
      if (ready()) return;
      this.#flush();
      await this.#sleep();
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  readonly #stop = (): void => {
    Atomics.store(this.#cells, CELL.stop, 1n);
    this.#wake();
  };

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  #flush(): void {
    if (this.#tasks.length === 0) return;
    const sequence = this.#sequence;
    this.#sequence += 1;
    this.#sent.set(sequence, this.#items);
    this.#waiting.push({ sequence, tasks: this.#tasks });
    this.#tasks = [];
    this.#items = [];
    this.#bytes = 0;
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const least = this.#load.indexOf(Math.min(...this.#load));
      if ((this.#load[least] ?? PER_WORKER) >= PER_WORKER) return;
      this.#load[least] = (this.#load[least] ?? 0) + 1;
      this.#workers[least]?.postMessage(this.#waiting.shift());
    }
  }

  #receive(index: number, { sequence, outcomes }: BatchReply): void {
    this.#load[index] = (this.#load[index] ?? 1) - 1;
    for (const [position, item] of (this.#sent.get(sequence) ?? []).entries()) {
      const outcome = outcomes[position];
      if (outcome !== undefined) item.outcome = outcome;
    }
    this.#sent.delete(sequence);
    this.#dispatch();
    this.#drain();
    this.#wake();
  }

  #drain(): void {
    // What comes back after a stop was stopped, not done.
    if (this.#signal.aborted) return;
    try {
      this.#callBack();
    } catch (error) {
      this.#fail(error);
    }
    if (this.#head >= MAX_WAITING) this.#forgetDone();
  }

  /** For what is finished, up to the first that is not. */
  #callBack(): void {
    for (let item = this.#order[this.#head]; item !== undefined && this.#failure === undefined;) {
      if (item.run === undefined && item.outcome === undefined) return;
      this.#head += 1;
      item.run?.();
      if (item.outcome !== undefined) item.done?.(item.outcome);
      item = this.#order[this.#head];
    }
  }

  #forgetDone(): void {
    this.#order = this.#order.slice(this.#head);
    this.#head = 0;
  }
}
