// The library's KubeConfig without its generated API classes and models.
//
// The library has no entry for the configuration alone: `config.js` imports `gen/index.js`, which loads a thousand files
// and keeps 45 MB resident, for two names that `makeApiClient` needs. While `config.js` is loaded, that one import is led
// to the two small files that define these names. Nothing is stubbed: all of KubeConfig works, with every way to log in.
// Who imports the whole library as well, as the tests do, gets the same KubeConfig and the models.

import { registerHooks } from 'node:module';

const IMPORTER = '/@kubernetes/client-node/dist/config.js';
const IMPORTED = './gen/index.js';
const MARK = '?without-models';
const INSTEAD = `
export { createConfiguration } from './configuration.js';
export { ServerConfiguration } from './servers.js';`;

const hooks = registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const isIt = specifier === IMPORTED && context.parentURL?.endsWith(IMPORTER) === true;
    return isIt ? { ...found, url: `${found.url}${MARK}` } : found;
  },
  load(url, context, next) {
    return url.endsWith(MARK) ? { format: 'module', source: INSTEAD, shortCircuit: true } : next(url, context);
  },
});

export const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
export type KubeConfig = InstanceType<typeof KubeConfig>;

hooks.deregister();
