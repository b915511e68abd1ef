// Lays out the root of the image: `node src/image/assemble.ts FOLDER RESTIC`. The Dockerfile runs it, and so do the tests.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';

import { libraryFiles } from './libraries.ts';
import { isLoaded, productionPackages } from './packages.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** The user of the image, as in its configuration; Kubernetes needs a number to see that it is not root. */
const USER = { uid: 10_001, name: 'nodewright' } as const;

/** The worker makes data durable with syncfs(2), which Node.js has no call for. */
const SYNC = ['/usr/bin/sync', '/bin/sync'] as const;

const TEXTS: Readonly<Record<string, string>> = {
  'etc/passwd': `root:x:0:0:root:/:/sbin/nologin\n${USER.name}:x:${USER.uid}:${USER.uid}::/:/sbin/nologin\n`,
  'etc/group': `root:x:0:\n${USER.name}:x:${USER.uid}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  // Node.js carries the same list; other tools look here, and a mounted file can take its place.
  'etc/ssl/certs/ca-certificates.crt': `${rootCertificates.join('\n')}\n`,
};

/** Where a repository or other data is mounted: folders that everybody may enter. */
const FOLDERS: Readonly<Record<string, number>> = { tmp: 0o1777, repo: 0o755, data: 0o755 };

assemble(process.argv[2], process.argv[3]);

function assemble(root: string | undefined, restic: string | undefined): void {
  const usage = 'node src/image/assemble.ts FOLDER RESTIC';
  if (root === undefined || (existsSync(root) && readdirSync(root).length > 0))
    throw new Error(`give a folder that is absent or empty: ${usage}`);
  if (restic === undefined || !existsSync(restic))
    throw new Error(`give the program that src/image/restic builds: ${usage}`);
  addPrograms(root);
  // Statically linked: it needs no libraries.
  copy(restic, join(root, 'usr/local/bin/restic'));
  addApplication(join(root, 'app'));
  for (const [path, text] of Object.entries(TEXTS)) writeText(join(root, path), text);
  for (const [path, mode] of Object.entries(FOLDERS)) {
    mkdirSync(join(root, path), { recursive: true });
    chmodSync(join(root, path), mode);
  }
}

function addPrograms(root: string): void {
  const sync = SYNC.find((path) => existsSync(path));
  const programs: readonly (readonly [string, string])[] = [
    [process.execPath, 'usr/local/bin/node'],
    ...(sync === undefined ? [] : [[sync, 'usr/bin/sync'] as const]),
  ];
  for (const [from, to] of programs) copy(from, join(root, to));
  for (const path of libraryFiles(programs.map(([from]) => from))) copy(path, join(root, path));
}

/** Compiled sources, and of the packages what they load. Without source maps, which are as large as the code. */
function addApplication(app: string): void {
  mkdirSync(app, { recursive: true });
  const compiler = join(CHECKOUT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['-p', join(CHECKOUT, 'src'), '--outDir', join(app, 'dist'), '--noCheck', '--sourceMap', 'false'];
  execFileSync(process.execPath, [compiler, ...options], { stdio: 'inherit' });
  for (const path of productionPackages(CHECKOUT))
    cpSync(join(CHECKOUT, path), join(app, path), { recursive: true, filter: isLoaded });
  for (const path of ['package.json', 'repo-template', 'LICENSE'])
    cpSync(join(CHECKOUT, path), join(app, path), { recursive: true });
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
