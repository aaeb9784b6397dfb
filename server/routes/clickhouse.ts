// ClickHouse's HTTP interface on `/`: statement from the parameter and the body, settings as parameters,
// answers and exceptions in ClickHouse's words.
import type { Context } from '../context.ts';
import { readForm } from '../external.ts';
import { checkQueryId, flag, settingsAndParams, single } from '../parameters.ts';
import type { Lease } from '../sessions.ts';
import { queryBytesOf, readStatement, type Statement } from '../statement-body.ts';
import { protocolOf, RESERVED } from './query.ts';
import { runQuery } from './run-query.ts';

export async function clickhouse(ctx: Context): Promise<void> {
  const { req, target } = ctx;
  if (req.method !== 'POST' && target.search === undefined) {
    sendOk(ctx);
    return;
  }
  const form = req.method === 'POST' ? await readForm(ctx) : undefined;
  if (form === undefined) {
    await run(ctx, await statementOf(ctx));
    return;
  }
  const sql = single(form.query, 'query') ?? '';
  await run({ ...ctx, target: { ...target, query: form.query } }, { sql }, form.lease);
}

function statementOf(ctx: Context): Promise<Statement> {
  const { req, res, target, config, engine } = ctx;
  const limits = {
    queryBytes: queryBytesOf(single(target.query, 'max_query_size')),
    bodyBytes: config.bodyBytesMax,
  };
  const blocks = flag(target.query, 'decompress');
  return readStatement(req, res, single(target.query, 'query') ?? '', limits, engine, blocks);
}

async function run(ctx: Context, statement: Statement, lease?: Lease): Promise<void> {
  const { query } = ctx.target;
  const { settings, params } = settingsAndParams(query, RESERVED);
  const database = single(query, 'database') ?? header(ctx, 'x-clickhouse-database');
  const queryId = checkQueryId(single(query, 'query_id') ?? header(ctx, 'x-clickhouse-query-id'));
  await runQuery(
    ctx,
    {
      ...statement,
      ...protocolOf(query),
      settings,
      params,
      format:
        header(ctx, 'x-clickhouse-format') ?? (single(query, 'default_format') || 'TabSeparated'),
      ...(database && { database }),
      ...(queryId !== undefined && { queryId }),
    },
    { face: 'text', ...(lease && { lease }) },
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
