// Settings that make a client write files at a path that is given, or open its memory: one could overwrite the signer state, or code.

import { bareName } from './setting-name.ts';

/** How clients name them, by letters and digits alone: `pprof.cpuprofile`, `trace-store`, `log.dir.path`, `Init.LogFileName`. */
const WRITES = new RegExp(
  [
    'pprof|(cpu|mem|memory|heap|block|mutex|trace)profile|executiontrace|vmtrace|blkio|ipcpath|pid(file|path)$',
    '(logs?|wal|trace|dump|journal|record(er|ing)?|backup|export|savefile|walfile|addrbook)(base)?(file|dir|directory|path|folder|name|store|prefix|output|namepattern)*(file|dir|directory|path|folder|filename|store|namepattern)$',
    '^dump|savefile$|walfile$|writedir$|tempdir$|tmpdir$|outputdir$',
  ].join('|'),
);

/** Whether the setting says by its name that it writes files at a path. */
export function writesFiles(name: string): boolean {
  return WRITES.test(bareName(name));
}

/** URLs of servers, denominations, and names of messages, which have a slash too. */
const NO_PATHS = new RegExp(
  [
    '\\b(https?|wss?|tcp|udp|grpcs?|postgres(ql)?):\\/\\/[^\\s,"\']*',
    'ibc\\/[0-9A-F]{3,64}|factory\\/[a-z0-9]{10,90}\\/\\w{1,60}',
    '(?<![\\w./-])\\/[a-z][a-z0-9]*(\\.\\w+){2,}(?![\\w./-])',
  ].join('|'),
  'g',
);

/** Whether a value has a path of files in it. */
export function isPath(value: string): boolean {
  return value.replaceAll(NO_PATHS, '').includes('/');
}
