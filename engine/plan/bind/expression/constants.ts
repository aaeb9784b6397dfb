// Which expressions have a value that can be known before the query runs, and what it is.

import type { Planning } from '../../context.ts';
import { type Expr, type LiteralExpr, literalExpr, parts, someExpr } from '../../expression.ts';
import { exprJson } from '../../physical/expression.ts';
import type { Lit } from '../../physical/wire.ts';

/** Functions that must be left to the run: they depend on it, act, or hide that they are constant. */
const leaveAlone = new Set(
  `now now64 nowInBlock today yesterday curdate current_timestamp utctimestamp rand rand32 rand64
   randcanonical randconstant randuniform randnormal randomstring randomfixedstring
   randomprintableascii randomstringutf8 generateuuidv4 generateuuidv7 generateulid generatesnowflakeid
   serveruuid currentdatabase currentuser currentschemas currentroles user hostname fqdn uptime version
   queryid initialqueryid connectionid getsetting timezone servertimezone tcpport displayname
   buildid sleep sleepeachrow throwif materialize identity ignore rownumberinblock
   rownumberinallblocks runningdifference runningaccumulate neighbor blocknumber blocksize
   isconstant toTypeName totypename dumpcolumnstructure defaultvalueoftypename blockserializedsize
   bytesize finalizeaggregation range rightpad leftpad arraywithconstant arrayresize
   logtrace errorcodetoname filesystemavailable hascolumnintable indexhint`
    .split(/\s+/)
    .map((name) => name.toLowerCase()),
);

const folded = new WeakMap<Expr, Lit | false>();

/** Bytes that a repeated text may have in a plan. */
const REPEATED_MAX = 1 << 16;

/** Whether repeat('…', n) or space(n) is short enough to stand in the plan. */
function shortRepeat(name: string, args: readonly Expr[]): boolean {
  const [text, count] = name === 'space' ? [undefined, args[0]] : [args[0], args[1]];
  if (count?.kind !== 'literal' || (text && text.kind !== 'literal')) return false;
  const bytes = text?.kind === 'literal' ? String(text.value).length : 1;
  return Number(count.value) * bytes <= REPEATED_MAX;
}

function known(expr: Expr): boolean {
  switch (expr.kind) {
    case 'literal':
      return true;
    case 'cast':
      return known(expr.expr);
    case 'call': {
      const name = expr.name.toLowerCase();
      if (name === 'repeat' || name === 'space') return shortRepeat(name, parts(expr));
      return !leaveAlone.has(name) && parts(expr).every(known);
    }
    default:
      return false;
  }
}

/** The constant's value; undefined for what only the run can tell. */
export function constantOf(ctx: Planning, expr: Expr): Lit | undefined {
  if (expr.kind === 'literal') return { type: expr.type, value: expr.value };
  const memo = folded.get(expr);
  if (memo !== undefined) return memo || undefined;
  let value: Lit | undefined;
  if (known(expr)) {
    try {
      value = ctx.kernel.fold(exprJson(expr, new Map(), []));
    } catch {
      value = undefined; // the run will fail with the right message, if it gets there
    }
  }
  folded.set(expr, value ?? false);
  return value;
}

/** As constantOf, but with what the run decides (currentDatabase(), now()): the plan is for one run. */
export function constantNow(ctx: Planning, expr: Expr): Lit | undefined {
  const constant = constantOf(ctx, expr);
  if (constant) return constant;
  if (someExpr(expr, (e) => !/^(literal|call|cast)$/.test(e.kind))) return undefined;
  ctx.cacheable = false;
  return ctx.kernel.fold(exprJson(expr, new Map(), []));
}

export function foldedLiteral(ctx: Planning, expr: Expr): LiteralExpr | undefined {
  if (expr.kind === 'literal') return expr;
  const value = constantOf(ctx, expr);
  return value && literalExpr(value.type, value.value, expr.span);
}
