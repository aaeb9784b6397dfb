# Two stages: build with Rust and Node, run with Node alone.
FROM node:22-bookworm AS node

FROM rust:1-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
WORKDIR /src
COPY . .
RUN node scripts/setup.mjs && npm pack --pack-destination /tmp

FROM node:22-bookworm-slim
COPY --from=build /tmp/colonnade-*.tgz /tmp/colonnade.tgz
RUN npm install --global --ignore-scripts --no-audit --no-fund /tmp/colonnade.tgz && rm /tmp/colonnade.tgz \
  && useradd --create-home colonnade && mkdir /data && chown colonnade /data
USER colonnade
VOLUME /data
EXPOSE 8123
ENV COLONNADE_DATA=/data COLONNADE_HOST=0.0.0.0 COLONNADE_NATIVE_PORT=off COLONNADE_DRUID_PORTS=off
# A password is needed to listen beyond loopback: COLONNADE_PASSWORD or COLONNADE_PASSWORD_FILE.
CMD ["colonnade", "serve"]
