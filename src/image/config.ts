// How a container of the image runs: stated once more in the Dockerfile, and compared by a test.

export const IMAGE_CONFIG = {
  entrypoint: ['/usr/local/bin/node', '/app/dist/cli/main.js'],
  // One arena for malloc: the threads of Node.js would have several, which stay large (mallopt(3)).
  environment: { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' },
  // Where a pull-request check mounts its repository.
  workingDirectory: '/repo',
  // A number, so that Kubernetes can see that it is not root.
  user: '10001:10001',
  labels: {
    'org.opencontainers.image.title': 'nodewright',
    'org.opencontainers.image.description': 'Runs blockchain nodes on Kubernetes from a Git repository',
    'org.opencontainers.image.licenses': 'Apache-2.0',
    // STATE_FORMAT of src/upgrade/state.ts: up to which format this version reads stored state.
    'com.validatoros.state.format': '1',
  },
} as const;
