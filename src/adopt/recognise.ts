// Which chain, client and network the containers of another tool run, by their images and command lines.

import type { Chain, ClientInfo } from '../chains/chain.ts';
import { bareName } from '../chains/setting-name.ts';
import { type CommandLine, readCommandLine } from './command-line.ts';
import type { ForeignContainer, ForeignWorkload } from './foreign-workload.ts';

export interface RecognisedRole {
  readonly role: string;
  readonly client: ClientInfo;
  readonly container: ForeignContainer;
  readonly line: CommandLine;
}

export interface Recognised {
  readonly chain: Chain;
  readonly roles: readonly RecognisedRole[];
  /** Undefined when the flags name none. */
  readonly network: string | undefined;
}

/** Undefined when no container runs a known client. `only` restricts the search to one chain. */
export function recognise(
  { containers }: ForeignWorkload,
  chains: readonly Chain[],
  only?: string,
): Recognised | undefined {
  for (const chain of chains) {
    if (only !== undefined && chain.name !== only) continue;
    const roles = containers.flatMap((container) => recogniseContainer(container, chain));
    if (roles.length > 0) return { chain, roles, network: networkOf(chain, roles) };
  }
  return undefined;
}

function recogniseContainer(container: ForeignContainer, chain: Chain): readonly RecognisedRole[] {
  for (const { name: role, clients } of chain.roles) {
    for (const client of clients) {
      const line = readCommandLine(container.argv, [client.name]);
      const isOurs = line.program === client.name || sameRepository(container.image, client.image);
      if (isOurs) return [{ role, client, container, line }];
    }
  }
  return [];
}

/** `docker.io/ethereum/client-go:v1.16.7` and `ethereum/client-go`. */
function sameRepository(image: string, repository: string): boolean {
  return repository !== '' && plain(repositoryOf(image)) === plain(repository);
}

export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}

function plain(repository: string): string {
  return repository.replace(/^(docker\.io\/|registry-1\.docker\.io\/)?(library\/)?/, '');
}

/** Clients name a network by a flag of its own (`--hoodi`, `--dev`) or as the value of one (`--chain=hoodi`). */
function networkOf({ networks }: Chain, roles: readonly RecognisedRole[]): string | undefined {
  const flags = roles.flatMap(({ line }) => line.flags);
  return networks.find(({ name }) =>
    flags.some(
      ({ name: flag, value }) =>
        bareName(flag) === bareName(name) ||
        (/^(network|chain|config)$/i.test(flag) && value.replace(/_archive$/, '') === name),
    ),
  )?.name;
}
