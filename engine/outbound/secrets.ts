// Takes keys and passwords out of what others may read: messages, query_log, system.processes.

import { End, Lexer, Symbol_, Text, Word } from '../../sql/index.ts';

const HIDDEN = '[HIDDEN]';

/** Parts of a query string that are as good as a password. */
const secretField =
  /([?&](?:X-Amz-[\w-]+|sig|signature|token|access_token|key|api_key|password|AWSAccessKeyId)=)[^&\s'"]*/gi;

/** URLs without users, passwords and signatures. */
export const withoutSecrets = (text: string): string =>
  text.replace(/(:\/\/)[^/\s'"@]*@/g, `$1${HIDDEN}@`).replace(secretField, `$1${HIDDEN}`);

const maySecret =
  /\b(s3|s3Cluster|gcs|headers)\s*\(|:\/\/[^/\s'"]*@|[?&](x-amz|sig|token|key|pass|access)/i;
const withKeys = new Set(['S3', 'S3CLUSTER', 'GCS']);

/** A statement as it may be kept: s3('…', 'key', '[HIDDEN]'), no passwords in URLs. */
export function statementWithoutSecrets(sql: string): string {
  if (!maySecret.test(sql)) return sql;
  const hide: [number, number][] = [];
  try {
    find(sql, hide);
  } catch {
    // What cannot be lexed is not run either.
  }
  let out = '';
  let from = 0;
  for (const [start, end] of hide) {
    out += `${sql.slice(from, start)}'${HIDDEN}'`;
    from = end;
  }
  return withoutSecrets(out + sql.slice(from));
}

interface Open {
  name: string;
  argument: number;
}

/** Texts that are the second and third argument of s3() where the first is a key, and values of headers. */
function find(sql: string, hide: [number, number][]): void {
  const lexer = new Lexer(sql);
  const open: Open[] = [];
  for (let i = 0; i < 1_000_000; i++) {
    lexer.advance();
    const kind = lexer.kinds[i];
    if (kind === undefined || kind === End) return;
    const value = lexer.values[i];
    const top = open.at(-1);
    if (kind === Symbol_ && value === '(') {
      const before = lexer.kinds[i - 1] === Word ? (lexer.values[i - 1] ?? '') : '';
      const outer = top?.name === 'HEADERS' && before === '' ? 'HEADERS' : before;
      open.push({ name: outer, argument: 0 });
    } else if (kind === Symbol_ && value === ')') open.pop();
    else if (kind === Symbol_ && value === ',' && top) top.argument++;
    else if (kind === Text && top) {
      const start = lexer.starts[i] ?? 0;
      const end = lexer.ends[i] ?? 0;
      const isKey = withKeys.has(top.name) && (top.argument === 2 || top.argument === 3);
      // s3(url, format, structure): what looks like columns or a format is none.
      const isShape =
        /\s/.test(sql.slice(start, end)) || /^'\w{1,15}'$/.test(sql.slice(start, end));
      const isHeader = top.name === 'HEADERS' && lexer.values[i - 1] === '=';
      if ((isKey && (!isShape || top.argument === 2)) || isHeader) hide.push([start, end]);
    }
  }
}
