// A file read in pages. Objects that are asked for one after the other lie side by side in a pack, and each read of a file
// costs more than the object does.

import type { FileHandle } from 'node:fs/promises';

const PAGE_BYTES = 64 * 1024;
/** Of one file. */
const MAX_PAGES = 16;
/** The reading of a commit is over long before that. */
const KEPT_MS = 1000;

/** Holds at most 1 MiB, forgets the page that was asked for longest ago, and all a second after the last new one. */
export class FilePages {
  readonly #file: FileHandle;
  readonly #pages = new Map<number, Promise<Buffer>>();
  readonly #forget: NodeJS.Timeout;

  constructor(file: FileHandle) {
    this.#file = file;
    this.#forget = setTimeout(() => this.#pages.clear(), KEPT_MS).unref();
  }

  /** The bytes from `start` up to `end`, fewer at the end of the file. Do not change them. */
  async read(start: number, end: number): Promise<Buffer> {
    if (end - start > PAGE_BYTES) return await this.#readFile(start, end - start);
    const first = Math.floor(start / PAGE_BYTES);
    const offset = start - first * PAGE_BYTES;
    const page = await this.#page(first);
    const inFirst = page.subarray(offset, offset + end - start);
    if (offset + end - start <= PAGE_BYTES || page.length < PAGE_BYTES) return inFirst;
    const rest = await this.#page(first + 1);
    return Buffer.concat([inFirst, rest.subarray(0, end - start - inFirst.length)]);
  }

  close(): Promise<void> {
    clearTimeout(this.#forget);
    this.#pages.clear();
    return this.#file.close();
  }

  #page(number: number): Promise<Buffer> {
    const known = this.#pages.get(number);
    this.#pages.delete(number);
    const page = known ?? this.#readFile(number * PAGE_BYTES, PAGE_BYTES);
    this.#pages.set(number, page);
    if (known === undefined) {
      this.#forget.refresh();
      // One that could not be read is tried again.
      page.catch(() => this.#pages.delete(number));
      const [oldest] = this.#pages.keys();
      if (this.#pages.size > MAX_PAGES && oldest !== undefined) this.#pages.delete(oldest);
    }
    return page;
  }

  async #readFile(start: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.#file.read(buffer, 0, length, start);
    return buffer.subarray(0, bytesRead);
  }
}
