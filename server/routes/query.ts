// POST /query: SQL as text or as a JSON document, answered in JSON unless asked otherwise. GET reads only.
import type { QueryRequest } from '../../engine/facade.ts';
import { parseDocument } from '../body.ts';
import type { Context } from '../context.ts';
import {
  checkQueryId,
  clip,
  flag,
  paramText,
  settingsAndParams,
  settingText,
  single,
} from '../parameters.ts';
import { badRequest } from '../request-error.ts';
import { queryBytesOf, readDocument, readStatement, type Statement } from '../statement-body.ts';
import { didYouMean } from '../suggest.ts';
import { runQuery } from './run-query.ts';

/** Parameters of the URL that are no settings. */
export const RESERVED: ReadonlySet<string> = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'user',
  'password',
  'quota_key',
  'role',
  'compress',
  'decompress',
  'buffer_size',
  'wait_end_of_query',
  'http_wait_end_of_query',
  'client_protocol_version',
  'stacktrace',
]);
const RESERVED_HERE: ReadonlySet<string> = new Set([...RESERVED, 'format']);
const FIELDS = ['query', 'format', 'params', 'settings', 'database', 'query_id'];

export async function query(ctx: Context): Promise<void> {
  const { req, target } = ctx;
  const url = settingsAndParams(target.query, RESERVED_HERE);
  const format = single(target.query, 'format') ?? single(target.query, 'default_format');
  const fromUrl: Omit<QueryRequest, 'sql' | 'user'> = {
    ...url,
    ...protocolOf(target.query),
    format: format ?? 'JSON',
    ...optional('database', single(target.query, 'database')),
    ...optional('queryId', checkQueryId(single(target.query, 'query_id'))),
  };
  const isDocument = req.method === 'POST' && isJson(req.headers['content-type']);
  const statement = isDocument ? await documentRequest(ctx) : await textStatement(ctx);
  const request = merge(fromUrl, statement);
  await runQuery(ctx, request, { face: 'json' });
}

async function textStatement(ctx: Context): Promise<Statement> {
  const { req, res, target, config, engine } = ctx;
  const parameter = single(target.query, 'query');
  if (req.method !== 'POST' && (parameter === undefined || parameter.trim() === '')) {
    throw badRequest('There is no statement: put it into the parameter query, or POST it', {
      hint: 'curl -d "SELECT 1" localhost:8123/query',
    });
  }
  const limits = {
    queryBytes: queryBytesOf(single(target.query, 'max_query_size')),
    bodyBytes: config.bodyBytesMax,
  };
  const blocks = flag(target.query, 'decompress');
  return readStatement(req, res, parameter ?? '', limits, engine, blocks);
}

/** Newest version of the native protocol whose blocks are written. */
const PROTOCOL_MAX = 54460;

/** `client_protocol_version`: what blocks of format Native are written for. */
export function protocolOf(query: URLSearchParams): { protocol?: number } {
  const text = single(query, 'client_protocol_version');
  if (text === undefined || text === '') return {};
  if (!/^\d{1,9}$/.test(text)) throw badRequest('client_protocol_version is a number');
  return { protocol: Math.min(Number(text), PROTOCOL_MAX) };
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });

function merge(
  url: Omit<QueryRequest, 'sql' | 'user'>,
  own: Omit<QueryRequest, 'user'>,
): Omit<QueryRequest, 'user'> {
  return {
    ...url,
    ...own,
    settings: { ...url.settings, ...own.settings },
    params: { ...url.params, ...own.params },
  };
}

export function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const [type, ...options] = contentType.toLowerCase().split(';');
  if (type?.trim() !== 'application/json') return false;
  for (const option of options) {
    const [name, value] = option.split('=').map((s) => s.trim().replace(/^"|"$/g, ''));
    if (name === 'charset' && value !== 'utf-8' && value !== 'utf8') {
      throw badRequest('A JSON body must be UTF-8');
    }
  }
  return true;
}

async function documentRequest(ctx: Context): Promise<Omit<QueryRequest, 'user'>> {
  const doc = parseDocument(await readDocument(ctx.req, ctx.res, ctx.engine));
  for (const key of Object.keys(doc)) {
    if (FIELDS.includes(key)) continue;
    const hint = didYouMean(key, FIELDS);
    throw badRequest(
      `The field ${clip(key)} is not known; fields are ${FIELDS.join(', ')}`,
      hint === undefined ? {} : { hint },
    );
  }
  if (typeof doc.query !== 'string') {
    throw badRequest('The field "query" must hold the statement as a text');
  }
  return {
    sql: doc.query,
    ...optional('format', textField(doc, 'format')),
    ...optional('database', textField(doc, 'database')),
    ...optional('queryId', checkQueryId(textField(doc, 'query_id'))),
    settings: mapField(doc, 'settings', settingText),
    ...(Array.isArray(doc.params)
      ? { positional: doc.params }
      : { params: mapField(doc, 'params', paramText) }),
  };
}

function textField(doc: Record<string, unknown>, name: string): string | undefined {
  const value = doc[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw badRequest(`The field "${name}" must be a text`);
  return value;
}

function mapField(
  doc: Record<string, unknown>,
  name: string,
  convert: (key: string, value: unknown) => string,
): Record<string, string> {
  const value = doc[name];
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw badRequest(`The field "${name}" must be an object of names and values`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, convert(key, v)]));
}
