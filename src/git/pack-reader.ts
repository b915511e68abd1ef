// Reads a pack file in windows and inflates parts of it; never more bytes than the caller names.

import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createInflate, inflateSync, type Inflate } from 'node:zlib';

import { GitError } from './errors.ts';
import { corrupt } from './pack-entry.ts';

const WINDOW = 256 * 1024;
const CHUNK = 64 * 1024;

export class PackReader {
  /** Where the entries end. */
  readonly size: number;
  readonly #file: FileHandle;
  #window = Buffer.alloc(0);
  #windowAt = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Up to `length` bytes from `at`; fewer where the entries end. Valid until the next call. */
  async slice(at: number, length: number): Promise<Buffer> {
    const end = Math.min(this.size, at + length);
    if (at < this.#windowAt || end > this.#windowAt + this.#window.length) {
      const buffer = Buffer.alloc(Math.max(0, Math.min(this.size - at, Math.max(length, WINDOW))));
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at);
      this.#window = buffer.subarray(0, bytesRead);
      this.#windowAt = at;
    }
    return this.#window.subarray(at - this.#windowAt, end - this.#windowAt);
  }

  /** The `size` bytes that the compressed data at `at` holds, and where it ends. */
  async inflate(at: number, size: number): Promise<{ readonly content: Buffer; readonly end: number }> {
    // zlib adds five bytes to each block that it cannot compress, so that this is nearly always enough.
    for (let length = size + (size >> 8) + 1024; ; length *= 8) {
      const data = await this.slice(at, length);
      try {
        const { buffer, engine } = inflateWithEnd(data, size);
        if (buffer.length !== size) throw corrupt('an object of the wrong size');
        return { content: buffer, end: at + engine.bytesWritten };
      } catch (error) {
        if (error instanceof GitError) throw error;
        if (data.length < length || length > 8 * size + WINDOW) throw corrupt('data that does not inflate', error);
      }
    }
  }

  /** The same in pieces, for data that is not to be held in memory; resolves to where it ends. */
  async inflateInto(at: number, size: number, take: (chunk: Buffer) => void): Promise<number> {
    const source = Readable.from(this.#chunks(at));
    const inflate = createInflate({ chunkSize: CHUNK });
    let length = 0;
    try {
      source.once('error', (error) => inflate.destroy(error));
      for await (const chunk of source.pipe(inflate) as AsyncIterable<Buffer>) {
        length += chunk.length;
        if (length > size) break;
        take(chunk);
      }
    } catch (error) {
      throw corrupt('data that does not inflate', error);
    } finally {
      source.destroy();
    }
    if (length !== size) throw corrupt('an object of the wrong size');
    return at + inflate.bytesWritten;
  }

  async *#chunks(start: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = start; at < this.size;) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(CHUNK), 0, Math.min(CHUNK, this.size - at), at);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  /** CRC-32 of the bytes from `start` to `end`, read a window at a time. */
  async checksum(start: number, end: number): Promise<number> {
    let sum = 0;
    for (let at = start; at < end; at += WINDOW) sum = crc32(await this.slice(at, Math.min(WINDOW, end - at)), sum);
    return sum;
  }
}

function inflateWithEnd(data: Buffer, size: number): { readonly buffer: Buffer; readonly engine: Inflate } {
  // The types lack `info`, which makes the result an object (https://nodejs.org/api/zlib.html#class-options).
  return inflateSync(data, { maxOutputLength: Math.max(1, size), info: true }) as unknown as {
    buffer: Buffer;
    engine: Inflate;
  };
}
