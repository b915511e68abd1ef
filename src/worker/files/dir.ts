// An open directory and what is in it; the stand-in for openat(2), which Node does not have.

import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  fstatSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  type Stats,
} from 'node:fs';

import { systemCodeOf } from '../../lib/errors.ts';
import { TaskError } from '../task-error.ts';

/** A place for a file: the descriptor of its directory and its name as bytes. Works from every thread of the process. */
export interface Place {
  readonly fd: number;
  readonly name: string;
}

/**
 * `/proc/self/fd/N/name`: the kernel resolves N to the open directory itself, so no other process can insert a link.
 * Only `name` is looked up, and every use here either does not follow a link there or opens it with O_NOFOLLOW.
 */
export function placePath(place: Place): Buffer {
  return Buffer.from(`/proc/self/fd/${place.fd}/${place.name}`, 'latin1');
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Directories opened below a root belong to it: closing the root closes what is still open. */
export class Dir {
  readonly fd: number;
  readonly #family: Set<Dir>;

  private constructor(fd: number, family: Set<Dir>) {
    this.fd = fd;
    this.#family = family;
    family.add(this);
  }

  /** Opens an absolute path part by part; throws `UnsafePath` when a part is a link, `SourceMissing` when it is not there. */
  static openRoot(path: string): Dir {
    let current = new Dir(openSync('/', DIRECTORY), new Set());
    for (const name of Buffer.from(path, 'utf8').toString('latin1').split('/')) {
      if (name === '' || name === '.') continue;
      try {
        if (name === '..') throw new TaskError('UnsafePath', `${path} has the part ".."`);
        const next = new Dir(openSync(placePath({ fd: current.fd, name }), DIRECTORY), new Set());
        current.close();
        current = next;
      } catch (error) {
        current.close();
        throw rootError(error, path);
      }
    }
    return current;
  }

  /** Opens a directory in this one; a link or a file there is an error (ELOOP, ENOTDIR). */
  open(name: string): Dir {
    return new Dir(openSync(this.at(name), DIRECTORY), this.#family);
  }

  at(name: string): Buffer {
    return placePath({ fd: this.fd, name });
  }

  /** Names as bytes, in byte order. */
  list(): string[] {
    return readdirSync(`/proc/self/fd/${this.fd}`, { encoding: 'latin1' }).sort();
  }

  stat(): Stats {
    return fstatSync(this.fd);
  }

  /** The entry itself, never what a link points to; undefined when it is not there. */
  lstat(name: string): Stats | undefined {
    return lstatSync(this.at(name), { throwIfNoEntry: false });
  }

  has(name: string): boolean {
    return this.lstat(name) !== undefined;
  }

  make(name: string): Dir {
    mkdirSync(this.at(name), 0o700);
    return this.open(name);
  }

  readlink(name: string): string {
    return readlinkSync(this.at(name), { encoding: 'latin1' });
  }

  symlink(name: string, target: string): void {
    symlinkSync(Buffer.from(target, 'latin1'), this.at(name));
  }

  link(name: string, existing: Place): void {
    linkSync(placePath(existing), this.at(name));
  }

  rename(name: string, to: Dir, newName: string = name): void {
    renameSync(this.at(name), to.at(newName));
  }

  unlink(name: string): void {
    unlinkSync(this.at(name));
  }

  rmdir(name: string): void {
    rmdirSync(this.at(name));
  }

  lchown(name: string, uid: number, gid: number): void {
    lchownSync(this.at(name), uid, gid);
  }

  lutimes(name: string, mtime: number): void {
    lutimesSync(this.at(name), mtime, mtime);
  }

  chown(uid: number, gid: number): void {
    fchownSync(this.fd, uid, gid);
  }

  chmod(mode: number): void {
    fchmodSync(this.fd, mode);
  }

  utimes(mtime: number): void {
    futimesSync(this.fd, mtime, mtime);
  }

  /** Makes renames and new names in this directory last. */
  sync(): void {
    fsyncSync(this.fd);
  }

  close(): void {
    if (this.#family.delete(this)) closeSync(this.fd);
  }

  /** Closes this directory and everything opened below it. */
  closeAll(): void {
    for (const dir of this.#family) dir.close();
  }
}

function rootError(error: unknown, path: string): unknown {
  const code = systemCodeOf(error);
  if (code === 'ENOENT')
    return new TaskError('SourceMissing', `${path} does not exist; check the volume and its mount`, { cause: error });
  if (code === 'ELOOP' || code === 'ENOTDIR')
    return new TaskError('UnsafePath', `${path} is not a plain directory; links are not followed`, { cause: error });
  return error;
}
