# The controller and the command line as an image: `docker build -t nodewright:0.1.0 .`
# src/image assembles its root file system; the tests run the same one. It has no shell, no package manager and no
# distribution, so nothing in it needs updates but Node.js and the packages.
#
# A release names the base by its digest, so that it can be built again:
#   docker build --build-arg BASE=docker.io/library/node:24-bookworm-slim@$(docker buildx imagetools inspect \
#     docker.io/library/node:24-bookworm-slim --format '{{.Manifest.Digest}}') …

ARG BASE=docker.io/library/node:24-bookworm-slim
ARG GO_BASE=docker.io/library/golang:1.26-bookworm

# The engine that copies backups to object storage: src/image/restic pins its version and, by go.sum, every module.
FROM ${GO_BASE} AS engine
WORKDIR /engine
COPY src/image/restic ./
RUN CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -tags disable_grpc_modules -trimpath -buildvcs=false -ldflags '-s -w' \
    -o /restic github.com/restic/restic/cmd/restic

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json LICENSE ./
COPY repo-template ./repo-template
COPY src ./src
COPY --from=engine /restic /usr/local/bin/restic
RUN node src/image/assemble.ts /image /usr/local/bin/restic

# For CI systems that run a shell in the image, such as GitLab: `docker build --target ci …`
FROM ${BASE} AS ci
COPY --from=build /image/app /app
RUN printf '#!/bin/sh\nexec node /app/dist/cli/main.js "$@"\n' > /usr/local/bin/nodewright \
 && chmod 0755 /usr/local/bin/nodewright
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
USER 10001:10001
WORKDIR /repo
ENTRYPOINT ["nodewright"]

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG BASE
LABEL org.opencontainers.image.title="nodewright" \
      org.opencontainers.image.description="Runs blockchain nodes on Kubernetes from a Git repository" \
      org.opencontainers.image.licenses="Apache-2.0" \
      com.validatoros.state.format="1" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=build /image /
# One arena for malloc: the threads of Node.js would have several, which stay large (mallopt(3)).
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
# A number, so that Kubernetes can see that it isn't root. Nothing below / is written but the data directory, a volume.
USER 10001:10001
WORKDIR /repo
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/cli/main.js"]
