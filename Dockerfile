# The controller and the command line as an image: `docker build -t nodewright:0.1.0 .`

FROM docker.io/library/node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm ci --omit=dev --omit=optional

FROM docker.io/library/node:24-bookworm-slim
# For tools that ask which source an image is from.
LABEL org.opencontainers.image.title="nodewright" \
      org.opencontainers.image.description="Runs blockchain nodes on Kubernetes from a Git repository" \
      org.opencontainers.image.licenses="Apache-2.0"
# One arena for malloc: the threads of Node.js would have several, which stay large (mallopt(3)).
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY repo-template ./repo-template
COPY LICENSE ./
# CI systems call it by name; --enable-source-maps makes errors point at the sources.
RUN printf '#!/bin/sh\nexec node --enable-source-maps /app/dist/cli/main.js "$@"\n' > /usr/local/bin/nodewright \
 && chmod 0755 /usr/local/bin/nodewright
# A number, so that Kubernetes can see that it isn't root. Nothing below / is written but the data directory, a volume.
USER 10001:10001
WORKDIR /repo
ENTRYPOINT ["nodewright"]
