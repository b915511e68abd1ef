// The table of triggers in the README of the controller.

import { TRIGGERS } from '../../src/controller/triggers.ts';

/** One row for each key function and queue. */
export function triggersTable(): string {
  const rows = TRIGGERS.map(({ on, keys, queue, delayMs, resetsBackoff }) => {
    const delay = delayMs === undefined ? '' : `${delayMs}${typeof delayMs === 'number' ? ' ms' : ''}`;
    const cells = [
      queue,
      on.map((name) => `\`${name}\``).join(', '),
      `\`${keys.name}\``,
      delay,
      resetsBackoff === true ? 'yes' : '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| Queue | When | Keys | Delay | Resets backoff |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
