// Counts an answer by what isomorphic-git makes of it: it keeps packet lines as parsed, and a short line costs far more than its bytes.

/** An entry of a list of refs takes about 300 bytes beside its text: a line as short as `0005a` would cost sixty times what it has. */
const MIN_LINE_BYTES = 64;

const LENGTH_DIGITS = 4;

/** A packet line (gitprotocol-common) counts as at least `MIN_LINE_BYTES`, also a separator; all else by its bytes. */
export class AnswerSize {
  #size = 0;
  /** Bytes of the line under way that have not come yet. */
  #left = 0;
  /** The digits of a length that came only in part. */
  #digits = '';
  #isText = false;

  get size(): number {
    return this.#size;
  }

  add(chunk: Uint8Array): void {
    this.#size += chunk.length;
    for (let at = 0; at < chunk.length && !this.#isText;) {
      const taken = this.#left > 0 ? Math.min(this.#left, chunk.length - at) : 0;
      this.#left -= taken;
      at += taken;
      if (at < chunk.length) at += this.#begin(chunk.subarray(at, at + LENGTH_DIGITS - this.#digits.length));
    }
  }

  /** Returns how many bytes it took. */
  #begin(digits: Uint8Array): number {
    this.#digits += Buffer.from(digits).toString('latin1');
    if (this.#digits.length < LENGTH_DIGITS) return digits.length;
    // isomorphic-git refuses what is no packet line.
    this.#isText = !/^[0-9a-f]{4}$/i.test(this.#digits);
    const length = this.#isText ? 0 : Math.max(LENGTH_DIGITS, Number.parseInt(this.#digits, 16));
    this.#left = this.#isText ? 0 : length - LENGTH_DIGITS;
    if (!this.#isText) this.#size += Math.max(0, MIN_LINE_BYTES - length);
    this.#digits = '';
    return digits.length;
  }
}
