// FINAL and SAMPLE of a table in FROM.

import { type Expression, print, type Sample, type Span } from '../../../../sql/index.ts';
import { failAt, type TableSource } from '../../context.ts';
import { type Expr, literalExpr } from '../../expression.ts';
import { filter, type Node, type Scan } from '../../logical.ts';
import { constantOf } from '../expression/constants.ts';
import { bindExpression } from '../expression/index.ts';
import { resolveCall } from '../expression/resolve-call.ts';
import { newScope, type Scope, type Source } from '../scope.ts';

export interface Modified {
  readonly final: boolean;
  readonly sample?: Sample;
  readonly span: Span;
}

export function refuseModifiers(
  ast: Modified,
  final: 'UNSUPPORTED_METHOD' | 'ILLEGAL_FINAL',
): void {
  if (ast.final) throw failAt(ast.span, final, 'FINAL is only for tables that replace rows');
  if (ast.sample) {
    const name = final === 'UNSUPPORTED_METHOD' ? final : 'SAMPLING_NOT_SUPPORTED';
    throw failAt(ast.sample.span, name, 'SAMPLE is only for tables with SAMPLE BY');
  }
}

/** FINAL and SAMPLE as they are written. */
export const modifiersText = ({ final, sample }: Modified): string =>
  [final ? 'FINAL' : '', sample ? print(sample) : ''].join(' ').trim();

const hasRule = (engine: string): boolean => /^\w+MergeTree$/.test(engine) && !keepsAll(engine);
const keepsAll = (engine: string): boolean => /^(Replicated|Shared)?MergeTree$/.test(engine);

/** The table's rows as FINAL and SAMPLE want them. */
export function withModifiers(
  scope: Scope,
  ast: Modified,
  node: Node,
  source: Source,
  table: TableSource | undefined,
): Node {
  let out = node;
  const engine = table?.kind === 'stored' ? table.engine : undefined;
  if (ast.final && !(engine && hasRule(engine))) {
    if (!engine) {
      if (table?.kind === 'view') return out;
      refuseModifiers(ast, table ? 'ILLEGAL_FINAL' : 'UNSUPPORTED_METHOD');
    }
    throw failAt(ast.span, 'ILLEGAL_FINAL', `Storage ${engine} doesn't support FINAL`, {
      hint: `A ${engine} keeps every row: leave FINAL out`,
    });
  }
  const wanted = ast.final || scope.ctx.settings.bool('final');
  if (wanted && engine && hasRule(engine) && out.kind === 'scan') {
    const byPartition = scope.ctx.settings.bool('do_not_merge_across_partitions_select_final');
    out = { ...out, final: { byPartition } };
  }
  if (!ast.sample || table?.kind === 'view') return out;
  if (!table) refuseModifiers(ast, 'UNSUPPORTED_METHOD');
  if (table?.kind !== 'stored' || table.sampleBy === undefined || out.kind !== 'scan') {
    throw failAt(
      ast.sample.span,
      'SAMPLING_NOT_SUPPORTED',
      `Table ${table?.name ?? ''} doesn't support sampling`,
      { hint: 'Declare SAMPLE BY, an unsigned hash that is part of the sorting key' },
    );
  }
  return sampled(scope, out, source, table.sampleBy, ast.sample);
}

interface Ratio {
  readonly over: bigint;
  readonly under: bigint;
}

/** `0.1`, `1/10`, `1e6` as a ratio. */
function ratioOf(scope: Scope, ast: Expression): Ratio {
  if (ast.kind === 'Binary' && ast.op === '/') {
    const [a, b] = [ratioOf(scope, ast.left), ratioOf(scope, ast.right)];
    return { over: a.over * b.under, under: a.under * b.over };
  }
  const text = String(constantOf(scope.ctx, bindExpression(ast, scope))?.value ?? '');
  const [, whole, fraction = '', exponent = '0'] =
    /^(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?$/.exec(text) ?? [];
  if (whole === undefined || `${whole}${fraction}` === '') {
    throw failAt(ast.span, 'BAD_ARGUMENTS', 'SAMPLE takes a share, a ratio or a number of rows', {
      hint: 'As in SAMPLE 0.1, SAMPLE 1/10 or SAMPLE 10000',
    });
  }
  const shift = Number(exponent) - fraction.length;
  const digits = BigInt(`${whole}${fraction}`);
  return shift >= 0
    ? { over: digits * 10n ** BigInt(shift), under: 1n }
    : { over: digits, under: 10n ** BigInt(-shift) };
}

/** Rows whose sampling value lies in a part of its range. */
function sampled(scope: Scope, node: Scan, source: Source, sampleBy: string, ast: Sample): Node {
  const written = ratioOf(scope, ast.size);
  if (written.under === 0n || written.over < 0n) {
    throw failAt(ast.size.span, 'BAD_ARGUMENTS', 'SAMPLE takes a positive share');
  }
  const offset = ast.offset ? ratioOf(scope, ast.offset) : { over: 0n, under: 1n };
  const inner = newScope(scope.ctx, scope.span);
  inner.sources = [source];
  const value = bindExpression(scope.ctx.parseExpression(sampleBy), inner);
  const bits = BigInt(/^UInt(\d+)$/.exec(value.type)?.[1] ?? 64);
  const universe = 1n << bits;
  // More than 1 is a number of rows.
  const rows = BigInt(Math.max(1, node.table.rows));
  const share =
    written.over > written.under ? { over: written.over, under: written.under * rows } : written;
  if (offset.under === 0n || offset.over > offset.under) {
    throw failAt(
      ast.offset?.span ?? ast.span,
      'BAD_ARGUMENTS',
      'Sampling offset cannot be above 1',
    );
  }
  const all = share.over >= share.under;
  const factor = all ? 1 : Number(share.under) / Number(share.over);
  const lower = (offset.over * universe) / offset.under;
  const upper = all
    ? universe
    : ((offset.over * share.under + share.over * offset.under) * universe) /
      (offset.under * share.under);
  const compare = (name: string, limit: bigint): Expr =>
    resolveCall(inner, name, [value, literalExpr('UInt64', String(limit))], ast.span);
  scope.ctx.cacheable &&= written.over <= written.under;
  let out: Node = node;
  if (lower >= universe) out = filter(out, compare('less', 0n));
  else {
    if (lower > 0n) out = filter(out, compare('greaterOrEquals', lower));
    if (upper < universe) out = filter(out, compare('less', upper));
  }
  replaceFactor(source, factor);
  return out;
}

/** `_sample_factor`: by what sums over the sample are to be multiplied. */
function replaceFactor(source: Source, factor: number): void {
  const column = source.columns.find((c) => c.name === '_sample_factor') as
    | { expr: () => Expr }
    | undefined;
  if (column) column.expr = () => literalExpr('Float64', String(factor));
}

/** Columns that every stored table has beside its own; no part of `*`. */
export const virtualColumns: readonly { readonly name: string; readonly type: string }[] = [
  { name: '_part', type: 'String' },
  { name: '_part_index', type: 'UInt64' },
  { name: '_part_offset', type: 'UInt64' },
  { name: '_partition_id', type: 'String' },
  { name: '_row_exists', type: 'UInt8' },
];
