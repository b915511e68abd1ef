// What a registry asks for with 401: https://distribution.github.io/distribution/spec/auth/token/

export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string };

const MAX_HEADER = 4096;

/** Undefined for a header that asks for something else. */
export function readChallenge(header: string | undefined): Challenge | undefined {
  const text = (header ?? '').slice(0, MAX_HEADER);
  if (/^basic(\s|$)/i.test(text)) return { scheme: 'basic' };
  if (!/^bearer\s/i.test(text)) return undefined;
  const fields = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(/([A-Za-z]+)="([^"]*)"/g))
    fields.set(name.toLowerCase(), value);
  const [realm, service, scope] = ['realm', 'service', 'scope'].map((name) => fields.get(name));
  if (realm === undefined) return undefined;
  return {
    scheme: 'bearer',
    realm,
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  };
}
