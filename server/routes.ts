// The route table: path, methods, who may come in without a password. Paths match exactly, as sent:
// no decoding, no dots, no trailing slashes, so that a rule can never be walked around by spelling.
import type { Context } from './context.ts';
import { clickhouse, sendOk } from './routes/clickhouse.ts';
import { ingest } from './routes/ingest.ts';
import { query } from './routes/query.ts';
import { console404, druid, health, metrics, openapiJson } from './routes/status.ts';

export interface Route {
  name: string;
  methods: readonly string[];
  /** Answers without credentials. */
  open?: boolean;
  /** How failures are written. */
  face: 'json' | 'text';
  handle(ctx: Context): void | Promise<void>;
}

const READ = ['GET', 'HEAD'] as const;
/** Monitors of all kinds call these; the body of a POST is not looked at. */
const ANY = ['GET', 'HEAD', 'POST'] as const;

const EXACT: Readonly<Record<string, Route>> = {
  '/': { name: '/', methods: [...READ, 'POST'], face: 'text', handle: clickhouse },
  '/query': { name: '/query', methods: [...READ, 'POST'], face: 'json', handle: query },
  '/ingest': { name: '/ingest', methods: ['POST'], face: 'json', handle: ingest },
  '/ping': { name: '/ping', methods: ANY, open: true, face: 'json', handle: sendOk },
  '/replicas_status': {
    name: '/replicas_status',
    methods: ANY,
    open: true,
    face: 'json',
    handle: sendOk,
  },
  '/health': { name: '/health', methods: READ, open: true, face: 'json', handle: health },
  '/metrics': { name: '/metrics', methods: READ, face: 'json', handle: metrics },
  '/openapi.json': {
    name: '/openapi.json',
    methods: READ,
    open: true,
    face: 'json',
    handle: openapiJson,
  },
  '/console': { name: '/console', methods: READ, open: true, face: 'json', handle: console404 },
  '/status': { name: '/status', methods: [...READ, 'POST'], face: 'json', handle: druid },
};

const DRUID: Route = {
  name: '/druid',
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  face: 'json',
  handle: druid,
};

export function findRoute(path: string): Route | undefined {
  if (Object.hasOwn(EXACT, path)) return EXACT[path];
  if (/^\/ingest\/[^/]+$/.test(path)) return EXACT['/ingest'];
  if (path.startsWith('/druid/')) return DRUID;
  if (path.startsWith('/console/')) return EXACT['/console'];
  return undefined;
}

export const ROUTE_NAMES: readonly string[] = Object.keys(EXACT);
