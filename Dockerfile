# caravan in a container: the daemon by default, every other command by its words.
#   docker build -t caravan .
#   docker run -d --name caravan -v caravan:/data --stop-timeout 40 caravan
# docs/running.md says how a project gets into /data, and how the key of its secrets is kept out of it.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# Without scripts: what is needed comes ready made.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.ts && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-slim
RUN groupadd --gid 10001 caravan \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin caravan \
  && install -d -o caravan -g caravan -m 0700 /data /var/cache/caravan
COPY --from=build /build/package.json /opt/caravan/package.json
COPY --from=build /build/bin /opt/caravan/bin
COPY --from=build /build/dist /opt/caravan/dist
COPY --from=build /build/node_modules /opt/caravan/node_modules
RUN ln -s /opt/caravan/bin/caravan.js /usr/local/bin/caravan

ENV NODE_ENV=production \
    CARAVAN_CONFIG=/data/integrations.yaml \
    XDG_CACHE_HOME=/var/cache
USER 10001:10001
WORKDIR /data
VOLUME /data

# It hears signals as process 1 too; what is under way may end within 30 s.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["caravan", "--quiet", "daemon", "--ping"]
ENTRYPOINT ["caravan"]
CMD ["daemon"]
