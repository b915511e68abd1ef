// `--self-update` and what belongs to it: how the controller changes its own version.

import { readFile } from 'node:fs/promises';
import { arch } from 'node:process';

import { type Command, InvalidArgumentError } from 'commander';

import type { SelfUpdateOptions } from '../../controller/upgrade/options.ts';
import type { Policy } from '../../policy/policy.ts';
import { readPublicKey } from '../../registry/cosign.ts';
import { credentialsIn, type RegistryCredentials } from '../../registry/docker-config.ts';
import { rulesOf } from '../../upgrade/target.ts';
import { durationArgument, listArgument, nameArgument, option } from '../option.ts';

export interface SelfUpdateFlags {
  readonly selfUpdate?: SelfUpdateOptions['deployment'];
  readonly selfUpdateDeadline: number;
  readonly selfUpdateKeyFile?: string;
  readonly registryAuthFiles?: readonly string[];
  readonly registryCaFile?: string;
  readonly registryAllowHttp?: boolean;
  readonly image: string;
}

export function addSelfUpdateOptions(command: Command): Command {
  return command
    .addOption(
      option(
        '--self-update <deployment>',
        "namespace/name of the controller's own Deployment: fleet.yaml may change its version (default: it may not)",
      ).argParser(deploymentArgument),
    )
    .addOption(
      option('--self-update-deadline <duration>', 'how long a new version may take until it is taken back')
        .argParser(durationArgument)
        .default(600_000, '10m'),
    )
    .addOption(
      option(
        '--self-update-key-file <file>',
        'PEM of the public key, ECDSA P-256 or Ed25519, that must have signed the image in the format of cosign',
      ),
    )
    .addOption(
      option(
        '--registry-auth-files <files>',
        'files .dockerconfigjson with the credentials of the image registry, separated by commas; read again for every probe',
      ).argParser(listArgument),
    )
    .addOption(option('--registry-ca-file <file>', 'PEM file with the certificate authorities of the image registry'))
    .addOption(option('--registry-allow-http', 'speak plain http:// with the image registry'));
}

/** Undefined when the controller may not change its version. Rejects when a file cannot be used. */
export async function selfUpdateOptions(
  flags: SelfUpdateFlags,
  policy: Policy,
): Promise<SelfUpdateOptions | undefined> {
  const { selfUpdate, selfUpdateDeadline, selfUpdateKeyFile, registryCaFile, registryAllowHttp = false } = flags;
  if (selfUpdate === undefined) return undefined;
  const files = flags.registryAuthFiles ?? [];
  return {
    deployment: selfUpdate,
    image: flags.image,
    rules: rulesOf(policy),
    deadlineMs: selfUpdateDeadline,
    platform: { os: 'linux', architecture: arch === 'x64' ? 'amd64' : arch },
    key: selfUpdateKeyFile === undefined ? undefined : readPublicKey(await text(selfUpdateKeyFile)),
    registry: {
      ca: registryCaFile === undefined ? undefined : await text(registryCaFile),
      allowHttp: registryAllowHttp,
      credentials: async (repository) => await credentialsOf(files, repository),
    },
  };
}

async function credentialsOf(files: readonly string[], repository: string): Promise<RegistryCredentials | undefined> {
  for (const file of files) {
    const found = credentialsIn(await text(file), repository);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function text(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read (${error.code}); check that it is mounted`);
  });
}

function deploymentArgument(value: string): SelfUpdateOptions['deployment'] {
  const [namespace = '', name = '', ...rest] = value.split('/');
  if (rest.length > 0 || name === '') throw new InvalidArgumentError('Give namespace/name of a Deployment.');
  return { namespace: nameArgument(namespace), name: nameArgument(name) };
}
