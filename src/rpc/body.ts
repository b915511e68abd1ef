// Collects the body of one reply. Its memory is what was reserved, also when a body comes in very many small pieces.

import type { Share } from './held-bytes.ts';
import { TooLarge } from './trouble.ts';

const FIRST_BYTES = 4096;
/** Each piece costs processor time, so the pieces of a body may not be smaller than this on average, after the first ones. */
const MIN_PIECE_BYTES = 128;
const FREE_PIECES = 256;

export class Body {
  readonly #maxBytes: number;
  readonly #share: Share;
  #buffer: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #size = 0;
  #pieces = 0;

  constructor(maxBytes: number, share: Share) {
    this.#maxBytes = maxBytes;
    this.#share = share;
  }

  /** Throws TooLarge. */
  add(piece: Uint8Array): void {
    const size = this.#size + piece.length;
    this.#pieces += 1;
    if (size > this.#maxBytes) throw new TooLarge(`the reply is larger than ${this.#maxBytes} bytes`);
    if (this.#pieces > FREE_PIECES + size / MIN_PIECE_BYTES) throw new TooLarge('the reply comes in too many pieces');
    if (size > this.#buffer.length) this.#grow(size);
    this.#buffer.set(piece, this.#size);
    this.#size = size;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  get reserved(): number {
    return this.#buffer.length;
  }

  #grow(size: number): void {
    const length = Math.min(this.#maxBytes, Math.max(size, FIRST_BYTES, 2 * this.#buffer.length));
    this.#share.add(length - this.#buffer.length);
    const larger = Buffer.allocUnsafeSlow(length);
    larger.set(this.bytes());
    this.#buffer = larger;
  }
}
