// A pod with the key that no controller started: what looks on must notice it, or its silence proves nothing.

const HOME = '/tmp/home';
const SCRIPT = `set -eu
cometbft init --home ${HOME} >/dev/null
cp /keys/priv_validator_key.json /keys/node_key.json /genesis/genesis.json ${HOME}/config/
exec cometbft start --home ${HOME} --proxy_app=kvstore --p2p.persistent_peers="$PEER"`;

export interface ForgerOptions {
  readonly secret: string;
  readonly genesis: string;
  /** `id@host:port` */
  readonly peer: string;
}

export function forgerPod({ secret, genesis, peer }: ForgerOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'forger-0' },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'node',
          image: 'docker.io/cometbft/cometbft:v1.0.1',
          imagePullPolicy: 'Never',
          command: ['sh', '-c', SCRIPT],
          env: [
            { name: 'PEER', value: peer },
            { name: 'CMT_P2P_ADDR_BOOK_STRICT', value: 'false' },
            { name: 'CMTHOME', value: HOME },
          ],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [
            { name: 'keys', mountPath: '/keys' },
            { name: 'genesis', mountPath: '/genesis' },
          ],
        },
      ],
      volumes: [
        { name: 'keys', secret: { secretName: secret } },
        { name: 'genesis', configMap: { name: genesis } },
      ],
    },
  };
}
