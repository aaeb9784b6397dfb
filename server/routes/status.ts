// Routes that tell about the server: /ping, /health, /metrics, /openapi.json, and what is not there yet.
import type { Context } from '../context.ts';
import { openapi } from '../openapi.ts';
import { RequestError } from '../request-error.ts';

export function health(ctx: Context): void {
  sendJson(ctx, {
    status: 'ok',
    version: ctx.engine.version,
    uptime_s: Math.round(process.uptime()),
  });
}

export function metrics(ctx: Context): void {
  const body = ctx.metrics.text(ctx.engine.metrics());
  ctx.res.writeHead(200, {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  });
  ctx.res.end(ctx.req.method === 'HEAD' ? undefined : body);
}

export function openapiJson(ctx: Context): void {
  sendJson(ctx, openapi(ctx.engine.version));
}

export function console404(): never {
  throw new RequestError('NOT_IMPLEMENTED', 'The console is not built yet; use /query', {
    status: 404,
  });
}

export function druid(ctx: Context): never {
  throw new RequestError(
    'NOT_IMPLEMENTED',
    "Druid's interface is not built yet; use POST /query with SQL",
    { status: ctx.req.method === 'GET' || ctx.req.method === 'POST' ? 501 : 405 },
  );
}

function sendJson(ctx: Context, doc: unknown): void {
  const body = `${JSON.stringify(doc)}\n`;
  ctx.res.writeHead(200, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': String(Buffer.byteLength(body)),
  });
  ctx.res.end(ctx.req.method === 'HEAD' ? undefined : body);
}
