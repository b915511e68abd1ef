// Writes a manifest as a stream, computing its own sha256 on the way.

import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, writeSync } from 'node:fs';

import type { Dir } from '../files/dir.ts';
import { NO_TOTALS, type VolumeTotals } from '../files/totals.ts';
import { addEntry } from './manifest.ts';
import type { ManifestEntry, ManifestFoot, ManifestHead } from './manifest.ts';

const FLUSH_CHARS = 1 << 18;

export class ManifestWriter {
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #content = createHash('sha256');
  readonly #totals = new Map<string, VolumeTotals>();
  #text: string;
  #first = true;

  constructor(dir: Dir, name: string, head: ManifestHead) {
    this.#fd = openSync(
      dir.at(name),
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o644,
    );
    for (const volume of head.volumes) this.#totals.set(volume, NO_TOTALS);
    this.#text = `${JSON.stringify(head).slice(0, -1)},"entries":[\n`;
  }

  entry(entry: ManifestEntry): void {
    this.#text += `${this.#first ? '' : ',\n'}${JSON.stringify(entry)}`;
    this.#first = false;
    this.#content.update(contentOf(entry));
    this.#totals.set(entry.volume, addEntry(this.#totals.get(entry.volume) ?? NO_TOTALS, entry));
    if (this.#text.length >= FLUSH_CHARS) this.#flush();
  }

  /** Writes the end and makes it last; gives the manifest's sha256, that of the content alone, and the totals. */
  finish(foot: Omit<ManifestFoot, 'totals'>): {
    sha256: string;
    contentSha256: string;
    totals: Readonly<Record<string, VolumeTotals>>;
  } {
    const totals = Object.fromEntries(this.#totals);
    this.#text += `\n],"end":${JSON.stringify({ totals, ...foot })}}\n`;
    this.#flush();
    fsyncSync(this.#fd);
    return { sha256: this.#hash.digest('hex'), contentSha256: this.#content.digest('hex'), totals };
  }

  close(): void {
    closeSync(this.#fd);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text, 'utf8');
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length;) done += writeSync(this.#fd, bytes, done);
    this.#text = '';
  }
}

/** What mounting a volume does not change: no owners, modes and times. */
function contentOf(entry: ManifestEntry): string {
  const { volume, path, type } = entry;
  const file = 'sha256' in entry ? [entry.size, entry.sha256] : [];
  const link = 'target' in entry ? [entry.target] : [];
  return `${JSON.stringify([volume, path, type, ...file, ...link])}\n`;
}
