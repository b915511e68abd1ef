// The table of chains and clients.

import type { Role } from '../../src/chains/chain.ts';
import { chains } from '../../src/chains/index.ts';
import { table } from './sections.ts';

/** One row for every role of every chain. */
export function clientsTable(): string {
  const rows = chains.flatMap(({ name, roles, networks, customNetworks }) => {
    const known = [...networks.map((network) => `\`${network.name}\``), ...(customNetworks ? ['others'] : [])].join(
      ', ',
    );
    return roles.map((role) => [`\`${name}\``, known, `\`${role.name}\`${role.required ? ' *' : ''}`, clientsOf(role)]);
  });
  return `${table(['Chain', 'Networks', 'Role', 'Clients and their default version'], rows)}\n\n\\* required`;
}

function clientsOf({ clients }: Role): string {
  return clients.map(({ name, defaultVersion }) => `\`${name}\` ${defaultVersion}`).join(', ');
}
