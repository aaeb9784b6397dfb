// Forms on ClickHouse's interface: fields are parameters like those of the URL, files are tables that this
// one statement may read.
import { randomUUID } from 'node:crypto';
import type { Session } from '../engine/facade.ts';
import { collect, decodeText, readBody } from './body.ts';
import type { Context } from './context.ts';
import { boundaryOf, type Part, partsOf } from './multipart.ts';
import { clip, single } from './parameters.ts';
import { badRequest } from './request-error.ts';
import type { Lease } from './sessions.ts';
import { QUERY_BYTES_MAX } from './statement-body.ts';
import { encodingOf, unpacked } from './unpack.ts';

const TABLES_MAX = 100;
const SESSION_S = 3600;

export interface Form {
  query: URLSearchParams;
  lease: Lease;
}

/** Reads a form to its end. The lease that comes back drops the tables before it lets go of the session.
 *  @returns undefined when the body is no form */
export async function readForm(ctx: Context): Promise<Form | undefined> {
  const { req, res, config, engine, sessions, user } = ctx;
  const boundary = boundaryOf(req.headers['content-type']);
  if (boundary === undefined) return undefined;
  const body = readBody(req, res, { bytesMax: config.bodyBytesMax, limitName: 'max_body_bytes' });
  const encoding = encodingOf(req);
  const plain = encoding === undefined ? body : unpacked(body, encoding, engine);
  const query = new URLSearchParams(ctx.target.query);
  const lease = sessions.lease(query, user.name);
  const tables = new Tables(ctx, lease);
  try {
    let fieldBytes = 0;
    for await (const part of partsOf(plain, boundary)) {
      if (part.isFile) {
        await tables.add(part, query);
        continue;
      }
      const value = await collect(part.body, QUERY_BYTES_MAX - fieldBytes, 'max_query_size');
      fieldBytes += value.length;
      query.append(part.name, decodeText(value));
    }
  } catch (error) {
    await tables.drop();
    lease.release();
    throw error;
  }
  // Beside files these describe tables; ClickHouse takes none of them for a setting.
  for (const name of [...query.keys()])
    if (/_(format|types|structure)$/.test(name) && name !== 'default_format') query.delete(name);
  return {
    query,
    lease: {
      ...(tables.session && { session: tables.session }),
      release: async () => {
        await tables.drop();
        await lease.release();
      },
    },
  };
}

class Tables {
  session: Session | undefined;
  readonly #ctx: Context;
  readonly #names: string[] = [];

  constructor(ctx: Context, lease: Lease) {
    this.#ctx = ctx;
    this.session = lease.session;
  }

  async add(part: Part, query: URLSearchParams): Promise<void> {
    const { name } = part;
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,100}$/.test(name))
      throw badRequest(`${clip(name)} is no name for a table of a form`);
    if (this.#names.length >= TABLES_MAX)
      throw badRequest(`A form has at most ${TABLES_MAX} files`);
    const structure = single(query, `${name}_structure`);
    const types = single(query, `${name}_types`);
    const columns = structure ?? (types === undefined ? undefined : numbered(types));
    if (columns === undefined)
      throw badRequest(
        `Which columns has the file ${name}? Give ${name}_structure or ${name}_types`,
      );
    const format = single(query, `${name}_format`) || 'TabSeparated';
    if (!/^\w+$/.test(format)) throw badRequest(`${name}_format is no name of a format`);
    await this.#run(`CREATE TEMPORARY TABLE \`${name}\` (${columns}\n) ENGINE = Memory`);
    this.#names.push(name);
    await this.#run(`INSERT INTO \`${name}\` FORMAT ${format}`, part.body);
  }

  async drop(): Promise<void> {
    for (const name of this.#names.splice(0)) {
      await this.#run(`DROP TEMPORARY TABLE IF EXISTS \`${name}\``).catch((error: unknown) => {
        this.#ctx.log.warn(
          { error: String(error) },
          'a table of a form stays until its session ends',
        );
      });
    }
  }

  /** The tables are the request's own: also who may only read sends them. */
  async #run(sql: string, data?: AsyncIterable<Uint8Array>): Promise<void> {
    const { engine, user } = this.#ctx;
    this.session ??= engine.session(`form ${randomUUID()}`, SESSION_S);
    const result = await engine.query({
      sql,
      session: this.session,
      user: { name: user.name },
      ...(data && { data }),
    });
    for await (const _ of result.chunks);
  }
}

/** `_1 UInt8, _2 String` of the types alone. */
function numbered(types: string): string {
  const list: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let i = 0; i <= types.length; i++) {
    const c = types[i];
    if (quoted && c === '\\') i++;
    else if (c === "'") quoted = !quoted;
    else if (!quoted && c === '(') depth++;
    else if (!quoted && c === ')') depth--;
    else if (c === undefined || (c === ',' && !quoted && depth === 0)) {
      list.push(types.slice(from, i));
      from = i + 1;
    }
  }
  return list.map((type, i) => `_${i + 1} ${type}`).join(', ');
}
