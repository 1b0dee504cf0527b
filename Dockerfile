# CivicPress Realtime. Configure it by the environment: REALTIME_CIVICPRESS_URL, REALTIME_CIVICPRESS_USERNAME,
# REALTIME_CIVICPRESS_PASSWORD; the README lists every setting. Documents are kept in /data.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/
COPY client client
COPY server server
COPY extensions extensions
COPY markdown markdown
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production REALTIME_DATA_DIR=/data
RUN mkdir /data && chown node:node /data
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
USER node
VOLUME /data
EXPOSE 3001
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.REALTIME_PORT || 3001) + '/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1, so that it receives the signals.
CMD ["node", "dist/server/main.js"]
