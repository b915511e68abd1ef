// The command line of a container of another tool, as flags: charts often wrap it into a shell script.

export interface Flag {
  /** Without dashes. */
  readonly name: string;
  /** Empty for a flag alone. */
  readonly value: string;
}

export interface CommandLine {
  /** The program's own name, without its folder; undefined when only the image names it. */
  readonly program: string | undefined;
  readonly flags: readonly Flag[];
  /** Values that the pod completes when it starts: variables of a shell or of Kubernetes. */
  readonly unresolved: readonly string[];
}

const SHELL = /(^|\/)(ba|da|a)?sh$/;

/** `programs` are the names that a client may have; of a script the last command with one of them counts. */
export function readCommandLine(argv: readonly string[], programs: readonly string[]): CommandLine {
  const isScript = SHELL.test(argv[0] ?? '');
  const words = isScript ? wordsOf(argv.slice(1).find((word) => !/^[-+]/.test(word)) ?? '') : argv;
  const start = isScript
    ? words.findLastIndex((word, index) => isProgram(word, programs) && startsCommand(words[index - 1]))
    : words.findIndex((word) => isProgram(word, programs));
  const flags = flagsOf(start < 0 ? words : words.slice(start + 1));
  return {
    program: start < 0 ? undefined : baseName(words[start] ?? ''),
    flags,
    unresolved: flags.filter(({ value }) => /\$[({A-Za-z_]|`/.test(value)).map(({ name }) => name),
  };
}

function isProgram(word: string, programs: readonly string[]): boolean {
  return programs.includes(baseName(word));
}

function startsCommand(before: string | undefined): boolean {
  return before === undefined || /^(exec|[;|&\n]|&&)$/.test(before);
}

function baseName(word: string): string {
  return word.split('/').at(-1) ?? word;
}

/** Of a script: quotes are taken off, a line that continues is joined, and the words end with the command. */
function wordsOf(script: string): readonly string[] {
  const joined = script.replaceAll(/\\\r?\n/g, ' ');
  const words = joined.match(/(?:"[^"]*"|'[^']*'|[^\s"';|&]+)+|[;|&\n]/g) ?? [];
  return words.map((word) => word.replaceAll(/["']/g, ''));
}

/** `--name=value`, `--name value`, `--name`; one dash as well. Words before the first flag are subcommands. */
function flagsOf(words: readonly string[]): readonly Flag[] {
  const flags: Flag[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (/^[;|&\n]$/.test(word)) break;
    const match = /^--?([A-Za-z0-9][\w.:-]*)(?:=(.*))?$/s.exec(word);
    if (match === null) continue;
    const [, name = '', value] = match;
    const separate = value === undefined ? separateValue(words[index + 1]) : undefined;
    if (separate !== undefined) index++;
    flags.push({ name, value: value ?? separate ?? '' });
  }
  return flags;
}

/** The word behind a flag, unless it begins something else. */
function separateValue(next: string | undefined): string | undefined {
  return next === undefined || /^([-;|&\n]|$)/.test(next) ? undefined : next;
}
