// POST /ingest?table=T and /ingest/T: rows in, acknowledged when they are durable and visible.
import type { IngestRequest } from '../../engine/facade.ts';
import { readBody } from '../body.ts';
import type { Context } from '../context.ts';
import { checkQueryId, clip, flag, headerText, settingsAndParams, single } from '../parameters.ts';
import { badRequest } from '../request-error.ts';
import { encodingOf, rowsOf } from '../unpack.ts';

const RESERVED: ReadonlySet<string> = new Set([
  'table',
  'format',
  'database',
  'token',
  'create',
  'on_error',
  'query_id',
  'user',
  'password',
]);
const ON_ERROR = ['fail', 'skip', 'quarantine'] as const;
const TOKEN_LENGTH_MAX = 1024;

export async function ingest(ctx: Context): Promise<void> {
  const { req, res, target, engine, config, user, signal } = ctx;
  const { query } = target;
  const table = tableOf(target.path, single(query, 'table'));
  const { settings, params } = settingsAndParams(query, RESERVED);
  const unknown = Object.keys(params)[0];
  if (unknown !== undefined) throw badRequest(`param_${clip(unknown)} has no meaning on /ingest`);
  const token = tokenOf(ctx, settings);
  const encoding = encodingOf(req);
  const queryId = checkQueryId(single(query, 'query_id'));
  const format = single(query, 'format');
  if (format === '') throw badRequest('The parameter format is empty');
  const database = single(query, 'database');
  const body = readBody(req, res, { bytesMax: config.bodyBytesMax, limitName: 'max_body_bytes' });
  const { data, dataEncoding } = rowsOf(body, encoding === undefined ? [] : [encoding], engine);
  const request: IngestRequest = {
    table,
    user,
    signal,
    settings,
    create: flag(query, 'create'),
    onError: onErrorOf(single(query, 'on_error')),
    format: format ?? 'JSONEachRow',
    body: data,
    ...(database !== undefined && { database }),
    ...(token !== undefined && { token }),
    ...(dataEncoding !== undefined && { encoding: dataEncoding }),
    ...(queryId !== undefined && { queryId }),
    ...(req.headers['content-length'] && { bytesHint: Number(req.headers['content-length']) }),
  };
  const result = await engine.ingest(request);
  if (queryId !== undefined) res.setHeader('X-ClickHouse-Query-Id', headerText(queryId));
  const { rows, rejected, deduplicated, errors, created } = result;
  const answer = { table: result.table, rows, rejected, deduplicated, errors, created };
  const text = `${JSON.stringify(answer)}\n`;
  res.writeHead(200, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': String(Buffer.byteLength(text)),
  });
  res.end(text);
}

function tableOf(path: string, parameter: string | undefined): string {
  const segment = path.startsWith('/ingest/') ? path.slice('/ingest/'.length) : '';
  if (segment === '') {
    if (parameter === undefined || parameter === '') {
      throw badRequest('Which table? Use /ingest?table=NAME or /ingest/NAME');
    }
    return parameter;
  }
  if (parameter !== undefined) throw badRequest('The table is named twice');
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest('The name of the table in the path is not properly encoded');
  }
}

function onErrorOf(value: string | undefined): 'fail' | 'skip' | 'quarantine' {
  const known = ON_ERROR.find((v) => v === (value ?? 'fail'));
  if (known === undefined) throw badRequest(`on_error is one of ${ON_ERROR.join(', ')}`);
  return known;
}

/** The name of this insert: `token=`, the header Idempotency-Key, or ClickHouse's setting. */
function tokenOf(ctx: Context, settings: Record<string, string>): string | undefined {
  const header = ctx.req.headers['idempotency-key'];
  const given = [
    single(ctx.target.query, 'token'),
    Array.isArray(header) ? header[0] : header,
    settings.insert_deduplication_token,
  ].filter((t) => t !== undefined && t !== '');
  if (new Set(given).size > 1) throw badRequest('The request names two different tokens');
  const token = given[0];
  if (token !== undefined && token.length > TOKEN_LENGTH_MAX) {
    throw badRequest(`The token is longer than ${TOKEN_LENGTH_MAX} characters`);
  }
  return token;
}
