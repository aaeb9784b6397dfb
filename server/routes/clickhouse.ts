// ClickHouse's HTTP interface on `/`: statement from the parameter and the body, settings as parameters,
// answers and exceptions in ClickHouse's words.
import type { Context } from '../context.ts';
import { checkQueryId, settingsAndParams, single } from '../parameters.ts';
import { RequestError } from '../request-error.ts';
import { queryBytesOf, readStatement } from '../statement-body.ts';
import { RESERVED } from './query.ts';
import { runQuery } from './run-query.ts';

export async function clickhouse(ctx: Context): Promise<void> {
  const { req, res, target, config } = ctx;
  if (req.method !== 'POST' && target.search === undefined) {
    sendOk(ctx);
    return;
  }
  if (/^multipart\//i.test(req.headers['content-type'] ?? '')) {
    throw new RequestError(
      'NOT_IMPLEMENTED',
      'multipart/form-data bodies are not read yet; send the statement as the body and parameters in the URL',
    );
  }
  for (const name of ['compress', 'decompress']) {
    if (single(target.query, name) === '1') {
      throw new RequestError(
        'NOT_IMPLEMENTED',
        `${name}=1 (ClickHouse's own block compression) is not built yet; use Content-Encoding`,
      );
    }
  }
  const { settings, params } = settingsAndParams(target.query, RESERVED);
  const limits = {
    queryBytes: queryBytesOf(single(target.query, 'max_query_size')),
    bodyBytes: config.bodyBytesMax,
  };
  const statement = await readStatement(req, res, single(target.query, 'query') ?? '', limits);
  const database = single(target.query, 'database') ?? header(ctx, 'x-clickhouse-database');
  const queryId = checkQueryId(
    single(target.query, 'query_id') ?? header(ctx, 'x-clickhouse-query-id'),
  );
  await runQuery(
    ctx,
    {
      ...statement,
      settings,
      params,
      format:
        header(ctx, 'x-clickhouse-format') ??
        (single(target.query, 'default_format') || 'TabSeparated'),
      ...(database && { database }),
      ...(queryId !== undefined && { queryId }),
    },
    { face: 'text' },
  );
}

function header(ctx: Context, name: string): string | undefined {
  const value = ctx.req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** `Ok.` for /ping, /replicas_status and a bare GET of `/`. */
export function sendOk(ctx: Context): void {
  const body = 'Ok.\n';
  ctx.res.writeHead(200, {
    'content-type': 'text/html; charset=UTF-8',
    'content-length': String(body.length),
  });
  ctx.res.end(ctx.req.method === 'HEAD' ? undefined : body);
}
