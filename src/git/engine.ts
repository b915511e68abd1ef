// The contract of a Git engine: what the rest of the program may ask of Git. No work tree anywhere.

/** The id of an object: 40 hex digits of SHA-1. SHA-256 repositories are refused with UNSUPPORTED_OBJECT_FORMAT. */
export type Oid = string;

export interface TreeEntry {
  /** Path from the root, `/`-separated, exactly as Git stores it (valid UTF-8, else the entry is a `problem`). */
  readonly path: string;
  readonly oid: Oid;
  /** `file` for 100644 and 100755; everything else is listed so that it can be reported, and is never read. */
  readonly type: 'file' | 'symlink' | 'submodule' | 'other';
  /** Why the entry must not be used (a name no file system or person can handle, too deep, listed twice). Then `path` is escaped. */
  readonly problem?: string;
}

/** A commit's signature and the exact bytes that it covers. */
export interface CommitSignature {
  readonly payload: Uint8Array;
  /** Armored, as in the commit. */
  readonly signature: string;
  readonly format: 'ssh' | 'pgp';
}

export interface CommitInfo {
  readonly oid: Oid;
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  /** `Name <email>`, control characters removed, at most 200 characters. */
  readonly author: string;
  /** Seconds since the epoch, as the author's clock said. */
  readonly authoredAt: number;
  /** First line of the message, control characters removed, at most 200 characters. */
  readonly subject: string;
  /** The whole message, at most 64 KiB. */
  readonly message: string;
}

/** How a commit relates to the one applied before. */
export type Ancestry =
  | 'same'
  /** `to` descends from `from`. */
  | 'forward'
  /** `to` is an ancestor of `from`: the branch was moved back. */
  | 'rewound'
  /** Neither: history was rewritten, or is unrelated. */
  | 'rewritten';

export interface Limits {
  /** Largest file that is read, in bytes. */
  readonly maxFileBytes: number;
  /** Most entries of a tree listing. */
  readonly maxEntries: number;
  /** Deepest folder. */
  readonly maxDepth: number;
  /** Most bytes one fetch may download. */
  readonly maxFetchBytes: number;
  /** No answer byte for this long ends a request, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Whole-operation deadline, in milliseconds. */
  readonly operationTimeoutMs: number;
}

export interface CommitRequest {
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
  /** Seconds since the epoch. */
  readonly at: number;
}

/**
 * Reads a branch of one remote repository. Every method takes a signal; every failure is a GitError with a code.
 * Reads go by verified commit id, never by a ref name.
 */
export interface GitSource {
  /** The commit a branch points to now, or undefined when the branch does not exist. Costs one or two small requests. */
  resolve(branch: string, signal: AbortSignal): Promise<Oid | undefined>;
  /**
   * Fetches the tip of the branch and verifies it (pack checksum, index count, commit and root tree readable). `tip` is what
   * `resolve` has just returned, so that the server is not asked again; a branch that has moved since then gives its newer tip.
   */
  fetch(branch: string, signal: AbortSignal, tip?: Oid): Promise<Oid>;
  /** Every entry of a commit's tree, sorted by path; folders that `skip` names are not entered. */
  list(commit: Oid, options?: { readonly skip?: (folder: string) => boolean }): Promise<readonly TreeEntry[]>;
  /** A blob's bytes; GitError FILE_TOO_LARGE beyond the limit, checked before the content is inflated where possible. */
  read(blob: Oid): Promise<Uint8Array>;
  /** How `to` relates to `from`; `rewritten` when `from` can no longer be found. */
  ancestry(from: Oid, to: Oid, signal: AbortSignal): Promise<Ancestry>;
  /** Commits that `to` has and `from` has not, newest first; at most 10,000 (TOO_LARGE). For `forward` ancestry. */
  between(from: Oid, to: Oid, signal: AbortSignal): Promise<readonly Oid[]>;
  commit(oid: Oid): Promise<CommitInfo>;
  /** The commit that a file's content came with, as far as history is here; undefined when `commit` has no such file. */
  lastChange(commit: Oid, path: string): Promise<Oid | undefined>;
  /** The commit's signature, or undefined when it has none. Not verified: src/signatures does that. */
  signature(oid: Oid): Promise<CommitSignature | undefined>;
  /** Keeps the store bounded; called between reconciliations, because commits fetched before it may not be readable after it. */
  maintain(signal: AbortSignal): Promise<void>;
  /** Ends connections and closes files. */
  close(): Promise<void>;
}

/** The branch that one controller writes its status to. Never forces; never touches another executor's folder. */
export interface StatusBranch {
  /**
   * Commits `files` (full paths below the executor's folder plus README.md) on top of the remote tip and pushes.
   * `prefix` is the folder that is replaced as a whole: files below it that are not in `files` are removed.
   * Resolves to the commit that holds the files; `pushed: false` when the tree was already the same.
   */
  publish(request: PublishRequest, signal: AbortSignal): Promise<PublishResult>;
  /** The commit the branch points to now, or undefined when there is none. One small request. */
  tip(signal: AbortSignal): Promise<Oid | undefined>;
  /** The files below a folder of the remote tip, by full path; empty when branch or folder do not exist. `''` is the root. */
  read(prefix: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Ends connections and closes files. */
  close(): Promise<void>;
}

export interface PublishResult {
  readonly commit: Oid;
  readonly pushed: boolean;
  /** What someone did to the branch since it had the commit `last` of the request. */
  readonly lost?: 'deleted' | 'rewound' | 'replaced' | undefined;
}

export interface PublishRequest extends CommitRequest {
  /** A commit that the branch had: the result says when it has it no longer. */
  readonly last?: Oid | undefined;
  readonly prefix: string;
  readonly files: ReadonlyMap<string, string>;
  /**
   * Files outside the prefix that this controller shares with others (README.md), given every readable file that the
   * branch will hold: others' as they are on the tip, ours as in `files`. Must be a pure function: a lost race calls it again.
   */
  readonly shared?: (
    tree: ReadonlyMap<string, string>,
  ) => ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;
  /** Folders whose files are read first: what is read of all others together is limited, and what is beyond is left out. */
  readonly first?: readonly string[] | undefined;
  /**
   * Files below the prefix, besides `files`, that depend on what the branch has: the push lands only on the very commit that
   * `decide` was given, so that it is a compare-and-swap over the files of all executors. A lost race calls it again, and what
   * it said before counts no longer.
   */
  readonly decided?: {
    readonly reads: (path: string) => boolean;
    /** Folders that may have such files; every folder unless given. */
    readonly enters?: (folder: string) => boolean;
    /** With the files of the tip that `reads` asks for; undefined for one that is there and cannot be read. */
    readonly decide: (
      tip: ReadonlyMap<string, string | undefined>,
    ) => ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;
  };
}
