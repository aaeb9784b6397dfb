// How the aggregates of a query come out of what a rollup keeps: its own parts put together, an average
// of a sum and a count, a condition on keys, or keys themselves where repeating a value changes nothing.

import type { Planning } from '../context.ts';
import { callExpr, type Expr } from '../expression.ts';
import type { AggregateItem, RollupAggregate } from '../logical.ts';

/** An aggregate over the rows of a rollup. */
export interface Part {
  readonly name: string;
  readonly params: AggregateItem['params'];
  readonly stored?: RollupAggregate;
  /** Further arguments: over the table's columns, made of keys in the rollup. */
  readonly carried: readonly Expr[];
}

export interface Route {
  readonly parts: readonly Part[];
  /** The result of what the parts give; without it there is one part. */
  readonly combine?: (values: readonly Expr[]) => Expr;
}

/** Values that come again change nothing in these. */
const repeatable =
  /^(min|max|uniq|uniqExact|uniqCombined|uniqCombined64|uniqHLL12|uniqTheta|groupBit(And|Or))$/;

/** The level is no part of these functions' states. */
const levelled = /^quantile(Exact|ExactLow|ExactHigh|TDigest|Timing|BFloat16)?$/;

type Call = Pick<AggregateItem, 'name' | 'params' | 'args'>;

/** Equal for calls that give the same. */
function callKey({ name, params, args }: Call): string {
  const counted = name === 'count' && args.length === 1 && !isNullable(args[0] as Expr);
  const keys = counted ? '' : args.map((a) => a.key).join(',');
  return `${name}(${levelled.test(name) ? '' : JSON.stringify(params)})(${keys})`;
}

const isNullable = ({ type }: Expr): boolean =>
  /^(LowCardinality\()?Nullable\(|^(Variant|Dynamic|JSON)/.test(type);

const isPlainNumber = ({ type }: Expr): boolean =>
  /^(Nullable\()?(U?Int(8|16|32|64)|Float(32|64))\)?$/.test(type);

export class Routes {
  readonly #ctx: Planning;
  readonly #stored = new Map<string, RollupAggregate>();
  readonly #isOverKeys: (expr: Expr) => boolean;

  /** @param here turns expressions of the rollup into those of the query */
  constructor(
    ctx: Planning,
    aggregates: readonly RollupAggregate[],
    here: (expr: Expr) => Expr,
    isOverKeys: (expr: Expr) => boolean,
  ) {
    this.#ctx = ctx;
    this.#isOverKeys = isOverKeys;
    for (const stored of aggregates) {
      const { item } = stored;
      this.#stored.set(callKey({ ...item, args: item.args.map(here) }), stored);
    }
  }

  /** Undefined when the rollup does not hold what it takes. */
  of(call: Call, type: string): Route | undefined {
    const route = this.#own(call) ?? this.#conditional(call) ?? this.#average(call, type);
    if (!route) return this.#repeated(call, type);
    return route;
  }

  #resolved(name: string, params: AggregateItem['params'], types: readonly string[]) {
    try {
      return this.#ctx.kernel.resolveAggregate(name, params, types).type;
    } catch {
      return undefined;
    }
  }

  #own(call: Call): Route | undefined {
    const stored = this.#stored.get(callKey(call));
    if (!stored) return undefined;
    const params = stored.merge.endsWith('Merge') ? call.params : [];
    return { parts: [{ name: stored.merge, params, stored, carried: [] }] };
  }

  /** `sumIf(x, c)` of sums of x, where c is told by the keys. */
  #conditional({ name, params, args }: Call): Route | undefined {
    const condition = args.at(-1);
    if (!name.endsWith('If') || !condition || !this.#isOverKeys(condition)) return undefined;
    const inner = { name: name.slice(0, -'If'.length), params, args: args.slice(0, -1) };
    const [part, more] = this.#own(inner)?.parts ?? [];
    if (!part || more) return undefined;
    return { parts: [{ ...part, name: `${part.name}If`, carried: [condition] }] };
  }

  #average({ name, args }: Call, type: string): Route | undefined {
    const conditional = name === 'avgIf';
    const value = args[0];
    if ((name !== 'avg' && !conditional) || !value || !isPlainNumber(value)) return undefined;
    const suffix = conditional ? 'If' : '';
    const rest = args.slice(1);
    const own = (call: Call) => this.#own(call) ?? this.#conditional(call);
    const sum = own({ name: `sum${suffix}`, params: [], args: [value, ...rest] });
    const counted = isNullable(value) ? [value, ...rest] : rest;
    const count = own({ name: `count${suffix}`, params: [], args: counted });
    if (!sum || !count) return undefined;
    return {
      parts: [...sum.parts, ...count.parts],
      combine: (values) => callExpr('divide', values, type),
    };
  }

  #repeated({ name, params, args }: Call, type: string): Route | undefined {
    const bare = name.replace(/If$/, '');
    if (args.length === 0 || !repeatable.test(bare) || !args.every(this.#isOverKeys)) {
      return undefined;
    }
    const types = args.map((arg) => arg.type);
    if (this.#resolved(name, params, types) !== type) return undefined;
    return { parts: [{ name, params, carried: args }] };
  }
}
