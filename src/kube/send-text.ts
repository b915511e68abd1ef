// One HTTP request whose answer is read as text, without the stream that undici makes of a body: that costs more than most answers.

import type { Dispatcher } from 'undici';

export interface TextAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Reading {
  /** Ends the request, also while it waits for a connection: it is then never sent. */
  readonly signal: AbortSignal;
  /** Most bytes of the body, by the status of the answer. */
  readonly maxBytes: (status: number) => number;
  /** Why an answer with a longer body is not read; its connection is dropped. */
  readonly tooLarge: (maxBytes: number) => Error;
}

/** Rejects with the reason of the signal, with `tooLarge`, or with what undici says of the connection. */
export function sendText(
  dispatcher: Dispatcher,
  options: Dispatcher.DispatchOptions,
  reading: Reading,
): Promise<TextAnswer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(options, new TextHandler(reading, { resolve, reject }));
  });
}

interface Settle {
  readonly resolve: (answer: TextAnswer) => void;
  readonly reject: (error: Error) => void;
}

class TextHandler implements Dispatcher.DispatchHandler {
  readonly #reading: Reading;
  readonly #settle: Settle;
  readonly #chunks: Buffer[] = [];
  readonly #abort = (): void => this.#giveUp();
  #size = 0;
  #head: Omit<TextAnswer, 'text'> | undefined;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(reading: Reading, settle: Settle) {
    this.#reading = reading;
    this.#settle = settle;
    reading.signal.addEventListener('abort', this.#abort, { once: true });
    if (reading.signal.aborted) this.#giveUp();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#reading.signal.aborted) this.#giveUp();
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: TextAnswer['headers']): void {
    // The informational ones come before the answer.
    if (status >= 200) this.#head = { status, headers };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxBytes, tooLarge } = this.#reading;
    const most = maxBytes(this.#head?.status ?? 0);
    this.#size += chunk.length;
    if (this.#size > most) controller.abort(tooLarge(most));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#release();
    const { status = 0, headers = {} } = this.#head ?? {};
    this.#settle.resolve({ status, headers, text: Buffer.concat(this.#chunks, this.#size).toString('utf8') });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #giveUp(): void {
    const { reason } = this.#reading.signal;
    const error = reason instanceof Error ? reason : new Error('given up', { cause: reason });
    this.#controller?.abort(error);
    this.#fail(error);
  }

  #fail(error: Error): void {
    this.#release();
    this.#settle.reject(error);
  }

  #release(): void {
    this.#reading.signal.removeEventListener('abort', this.#abort);
  }
}
