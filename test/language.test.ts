// Words that the project does not use, because a reader with English as a second language has to look them up, or because
// the documentation of Kubernetes, Flux or the chains has another word for the same thing.

import { globSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;

/** What to write instead stands beside each word. */
const RULED_OUT: readonly { readonly word: string; readonly pattern: RegExp; readonly instead: string }[] = [
  { word: 'anew', pattern: /\banew\b/i, instead: 'again' },
  { word: 'afresh', pattern: /\bafresh\b/i, instead: 'again' },
  { word: 'whoever', pattern: /\bwhoever\b/i, instead: 'name the role: author, reviewer, administrator' },
  { word: 'nobody', pattern: /\bnobody\b/i, instead: 'no user, no pod, no controller' },
  { word: 'somebody', pattern: /\bsomebody\b/i, instead: 'a user, another controller' },
  { word: 'mend', pattern: /\bmend(s|ed|ing)?\b/i, instead: 'repair, fix' },
  { word: 'goes on', pattern: /\b(go|goes|went) on\b/i, instead: 'continues' },
  { word: 'second word', pattern: /\bsecond word\b/i, instead: 'approval' },
  { word: 'furnish', pattern: /\bfurnish/i, instead: 'create' },
  { word: 'heed', pattern: /\bheed/i, instead: 'follow' },
  { word: 'what is wanted', pattern: /\bwhat is wanted\b/i, instead: 'desired state' },
  { word: 'rooms', pattern: /rooms\b/i, instead: 'dependencies, modules' },
  { word: 'thereby', pattern: /\bthereby\b/i, instead: 'by this' },
  { word: 'gone astray', pattern: /\bgone astray\b/i, instead: 'lost' },
  { word: 'as it stands', pattern: /\bas it stands\b/i, instead: 'unchanged' },
  { word: 'in force', pattern: /\bin force\b/i, instead: 'applied, active' },
  { word: 'whatever', pattern: /\bwhatever\b/i, instead: 'any, everything that' },
  { word: 'told', pattern: /(?<![.#'"\w])\b(told|tells)\b(?![(:'"])/i, instead: 'reported, distinguishes' },
  { word: 'the seed', pattern: /\b(the|second|first) seed\b(?! phrase)/i, instead: 'the name of the program' },
  { word: 'issue number', pattern: /\b(issue|defect) #?\d+\b/i, instead: 'the fact itself' },
  { word: 'design section', pattern: /\bdesign( document)? ?§/i, instead: 'the fact itself' },
  { word: 'pass of a loop', pattern: /\b(one|each|every|next|a|this) pass\b/i, instead: 'reconciliation' },
  { word: 'see to it', pattern: /\bsees? to it\b/i, instead: 'make sure' },
  { word: 'let go', pattern: /\b(lets?|letting) go\b/i, instead: 'release' },
  { word: 'converge', pattern: /\bconverge/i, instead: 'reconcile' },
  { word: 'change hands', pattern: /\bchang(e|ed|es|ing) hands\b/i, instead: 'get another owner' },
];

/** A name of a user, not a word of the text. */
const NAMES = [/nobody:x:65534/, /\bNOBODY\b/];

const files = globSync(
  [
    'README.md',
    '.github/**/*.md',
    'charts/**/*.{md,yaml,tpl,txt}',
    'repo-template/**/*.{md,yaml,yml}',
    '{src,test}/**/*.{ts,md}',
  ],
  { cwd: ROOT },
).filter((path) => path !== 'test/language.test.ts' && !path.startsWith('test/golden/'));

/** `path:line: text` of every line with the word. */
function hitsOf(pattern: RegExp): readonly string[] {
  return files.flatMap((path) =>
    readFileSync(`${ROOT}${path}`, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) && !NAMES.some((name) => name.test(line)) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
      ),
  );
}

describe('the words of the project', () => {
  it('are searched in the files that a reader meets', () => {
    expect(files.length).toBeGreaterThan(500);
  });

  it('name the status branch of a clone by its full ref, because a tag may have the short name', () => {
    const hits = hitsOf(/(?<!refs\/remotes\/)origin\/nodewright-status/);
    expect(hits.filter((line) => !line.startsWith('test/git/local.test.ts:'))).toEqual([]);
  });

  it.each(RULED_OUT)('do not include "$word"; write: $instead', ({ pattern }) => {
    expect(hitsOf(pattern)).toEqual([]);
  });
});
