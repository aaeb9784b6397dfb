// Random trees for the round-trip property.
import fc from 'fast-check';
import type {
  Binary,
  BinaryFunction,
  BinaryOperator,
  Expression,
  FunctionCall,
  Identifier,
  Name,
  OrderItem,
  Query,
  Select,
  TableExpression,
} from '../../sql/index.ts';

const lists: ReadonlySet<string> = new Set(['Array', 'Tuple']);
const span = { start: 0, end: 0 };
const plainWords = ['a', 'b', 'c1', '_x', 'Total', 'ts', 'user_id', 'kind', 'key', 'index'];

const name: fc.Arbitrary<Name> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(...plainWords)
      .map((word): Name => ({ kind: 'Name', name: word, quoted: false, span })),
  },
  fc
    .string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
    .map((text): Name => ({ kind: 'Name', name: text, quoted: true, span })),
);
const identifier: fc.Arbitrary<Identifier> = fc
  .array(name, { minLength: 1, maxLength: 3 })
  .map((parts) => ({ kind: 'Identifier', parts, span }));
const literal: fc.Arbitrary<Expression> = fc.oneof(
  fc
    .constantFrom(
      '0',
      '1',
      '-1',
      '42',
      '1.5',
      '-2.5e10',
      '0x1F',
      'inf',
      '-inf',
      'nan',
      '18446744073709551615',
    )
    .map((text): Expression => ({ kind: 'Literal', type: 'number', text, span })),
  fc
    .string({ unit: 'grapheme', maxLength: 12 })
    .map((value): Expression => ({ kind: 'Literal', type: 'string', value, span })),
  fc
    .string({ unit: fc.constantFrom("'", '\\', '\n', '\t', '\0', 'x', '"', '`'), maxLength: 6 })
    .map((value): Expression => ({ kind: 'Literal', type: 'string', value, span })),
  fc.boolean().map((value): Expression => ({ kind: 'Literal', type: 'bool', value, span })),
  fc.constant<Expression>({ kind: 'Literal', type: 'null', span }),
);

const operators: [BinaryOperator, BinaryFunction][] = [
  ['+', 'plus'],
  ['-', 'minus'],
  ['*', 'multiply'],
  ['/', 'divide'],
  ['%', 'modulo'],
  ['MOD', 'modulo'],
  ['DIV', 'intDiv'],
  ['=', 'equals'],
  ['==', 'equals'],
  ['!=', 'notEquals'],
  ['<>', 'notEquals'],
  ['<', 'less'],
  ['<=', 'lessOrEquals'],
  ['>', 'greater'],
  ['>=', 'greaterOrEquals'],
  ['<=>', 'isNotDistinctFrom'],
  ['LIKE', 'like'],
  ['NOT LIKE', 'notLike'],
  ['ILIKE', 'ilike'],
  ['NOT ILIKE', 'notILike'],
  ['REGEXP', 'match'],
  ['IS DISTINCT FROM', 'isDistinctFrom'],
  ['IS NOT DISTINCT FROM', 'isNotDistinctFrom'],
];
const types = ['UInt8', 'String', 'DateTime'].map((word) => ({
  kind: 'DataType' as const,
  name: word,
  nameSpan: span,
  args: undefined,
  span,
}));
const type = fc.oneof(
  fc.constantFrom(...types),
  fc.constantFrom(...types).map((arg) => ({
    kind: 'DataType' as const,
    name: 'Array',
    nameSpan: span,
    args: [arg],
    span,
  })),
);

interface Trees {
  expression: Expression;
  query: Query;
}

/** One depth for both, so that trees stay small. */
const depth = fc.createDepthIdentifier();

const { expression, query } = fc.letrec<Trees>((tie) => {
  const any = tie('expression') as fc.Arbitrary<Expression>;
  const inner = tie('query') as fc.Arbitrary<Query>;
  const some = (min: number, max: number) => fc.array(any, { minLength: min, maxLength: max });
  const aliased = fc.oneof(
    { weight: 4, arbitrary: any },
    fc.tuple(any, name).map(([expr, alias]): Expression => ({ kind: 'Alias', expr, alias, span })),
  );
  const items = fc.array(aliased, { minLength: 1, maxLength: 3 });
  const orderItem: fc.Arbitrary<OrderItem> = fc
    .tuple(
      any,
      fc.constantFrom('ASC', 'DESC', undefined),
      fc.constantFrom('FIRST', 'LAST', undefined),
    )
    .map(([expr, direction, nulls]) => ({ kind: 'OrderItem', expr, direction, nulls, span }));
  const call = (args: Expression[], more: Partial<FunctionCall> = {}): Expression => ({
    kind: 'Function',
    name: 'f',
    nameSpan: span,
    args,
    distinct: false,
    span,
    ...more,
  });
  const windowSpec = fc
    .tuple(some(0, 2), fc.array(orderItem, { maxLength: 2 }))
    .map(([partitionBy, orderBy]) => ({ kind: 'WindowSpec' as const, partitionBy, orderBy, span }));
  const subquery = inner.map((inner): Expression => ({ kind: 'Subquery', query: inner, span }));
  const list = fc
    .array(aliased, { minLength: 1, maxLength: 3 })
    .filter((all) => all.length > 1 || all[0]?.kind !== 'Subquery')
    .map((all): Expression => ({ kind: 'Tuple', items: all, span }));

  const expression: fc.Arbitrary<Expression> = fc.oneof(
    { depthIdentifier: depth, maxDepth: 5, withCrossShrink: true },
    literal,
    identifier,
    fc.tuple(fc.constantFrom(...operators), any, any).map(
      ([[op, fn], left, right]): Binary => ({
        kind: 'Binary',
        op,
        fn,
        opSpan: span,
        left,
        right,
        span,
      }),
    ),
    fc.tuple(fc.constantFrom('AND', 'OR', '||'), some(2, 4)).map(
      ([op, operands]): Expression => ({
        kind: 'Chain',
        op: op as 'AND',
        fn: ({ AND: 'and', OR: 'or', '||': 'concat' } as const)[op as 'AND'],
        operands,
        span,
      }),
    ),
    any.map((operand): Expression => ({ kind: 'Unary', op: 'NOT', fn: 'not', operand, span })),
    any.map((operand): Expression => ({ kind: 'Unary', op: '-', fn: 'negate', operand, span })),
    fc.tuple(any, aliased, any).map(
      ([condition, whenTrue, whenFalse]): Expression => ({
        kind: 'Ternary',
        condition,
        whenTrue,
        whenFalse,
        span,
      }),
    ),
    fc
      .tuple(
        fc.option(any, { nil: undefined }),
        aliased,
        aliased,
        fc.option(aliased, { nil: undefined }),
      )
      .map(
        ([operand, when, result, otherwise]): Expression => ({
          kind: 'Case',
          operand,
          whens: [{ kind: 'When', when, result, span }],
          otherwise,
          span,
        }),
      ),
    fc
      .tuple(any, type, fc.constantFrom('::' as const, 'CAST' as const))
      .map(([expr, to, operator]): Expression => {
        // Behind `::` numbers and lists are read from their text: such trees hold a text instead.
        const text = (expr.kind === 'Literal' && expr.type === 'number') || lists.has(expr.kind);
        const form = text ? 'CAST' : operator;
        return { kind: 'Cast', form, expr, type: to, span };
      }),
    fc
      .tuple(any, fc.constantFrom('DAY' as const, 'HOUR' as const))
      .map(([value, unit]): Expression => ({ kind: 'Interval', value, unit, span })),
    fc.tuple(any, any, any, fc.boolean()).map(
      ([expr, low, high, negated]): Expression => ({
        kind: 'Between',
        negated,
        expr,
        low,
        high,
        span,
      }),
    ),
    fc
      .tuple(
        any,
        fc.oneof(
          list,
          subquery,
          identifier,
          any.map((a) => call([a])),
        ),
        fc.boolean(),
        fc.boolean(),
      )
      .map(
        ([expr, source, negated, global]): Expression => ({
          kind: 'In',
          negated,
          global,
          expr,
          source,
          span,
        }),
      ),
    fc
      .tuple(any, fc.boolean())
      .map(([expr, negated]): Expression => ({ kind: 'IsNull', negated, expr, span })),
    fc
      .array(aliased, { maxLength: 3 })
      .map((all): Expression => ({ kind: 'Tuple', items: all, span })),
    fc
      .array(aliased, { maxLength: 3 })
      .map((all): Expression => ({ kind: 'Array', items: all, span })),
    fc
      .tuple(any, any)
      .map(([key, value]): Expression => ({ kind: 'Map', keys: [key], values: [value], span })),
    fc
      .tuple(any, aliased)
      .map(([expr, index]): Expression => ({ kind: 'Index', expr, index, span })),
    fc
      .tuple(any, fc.integer({ min: -3, max: 9 }))
      .map(([expr, index]): Expression => ({ kind: 'TupleAccess', expr, index, span })),
    fc
      .tuple(any, name)
      .map(([expr, part]): Expression => ({ kind: 'TupleAccess', expr, name: part, span })),
    fc
      .tuple(fc.array(name, { maxLength: 2 }), any)
      .map(([params, body]): Expression => ({ kind: 'Lambda', params, body, span })),
    fc.array(aliased, { maxLength: 3 }).map((args) => call(args)),
    fc
      .tuple(items, some(1, 2))
      .map(([args, parameters]) => call(args, { parameters, distinct: true })),
    fc
      .tuple(items, any, windowSpec)
      .map(([args, filter, over]) => call(args, { filter, over, nulls: 'IGNORE' })),
    subquery,
    inner.map((inner): Expression => ({ kind: 'Exists', query: inner, span })),
    fc.tuple(any, inner).map(
      ([expr, inner]): Expression => ({
        kind: 'Quantified',
        op: '=',
        fn: 'equals',
        quantifier: 'ANY',
        expr,
        query: inner,
        span,
      }),
    ),
  );

  const table: fc.Arbitrary<TableExpression> = fc.oneof(
    fc.tuple(name, fc.option(name, { nil: undefined }), fc.boolean()).map(
      ([table, alias, final]): TableExpression => ({
        kind: 'Table',
        name: { kind: 'TableName', table, span },
        alias,
        final,
        span,
      }),
    ),
    fc.tuple(inner, name).map(
      ([inner, alias]): TableExpression => ({
        kind: 'TableSubquery',
        query: inner,
        alias,
        final: false,
        span,
      }),
    ),
  );
  const tables: fc.Arbitrary<TableExpression> = fc.oneof(
    { weight: 3, arbitrary: table },
    fc.tuple(table, table, any).map(
      ([left, right, on]): TableExpression => ({
        kind: 'Join',
        type: 'LEFT',
        strictness: 'ANY',
        natural: false,
        left,
        right,
        on,
        span,
      }),
    ),
    fc.tuple(table, items).map(
      ([left, all]): TableExpression => ({
        kind: 'ArrayJoin',
        type: 'INNER',
        left,
        items: all,
        span,
      }),
    ),
  );
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.option(arbitrary, { nil: undefined, freq: 2 });
  const select: fc.Arbitrary<Select> = fc
    .record({
      columns: items,
      from: maybe(tables),
      prewhere: maybe(any),
      where: maybe(any),
      keys: maybe(some(2, 3)),
      having: maybe(any),
      order: maybe(fc.array(orderItem, { minLength: 1, maxLength: 2 })),
      count: maybe(any),
      offset: maybe(any),
      distinct: fc.boolean(),
      totals: fc.boolean(),
      common: maybe(fc.tuple(name, inner)),
    })
    .map(
      (s): Select => ({
        kind: 'Select',
        distinct: s.distinct,
        columns: s.columns,
        from: s.from,
        prewhere: s.prewhere,
        where: s.where,
        totals: s.totals,
        having: s.having,
        windows: [],
        span,
        groupBy: s.keys && { kind: 'GroupBy', mode: 'LIST', items: s.keys, span },
        orderBy: s.order && { kind: 'OrderBy', all: false, items: s.order, span },
        limit: s.count && {
          kind: 'Limit',
          limit: s.count,
          offset: s.offset,
          withTies: false,
          span,
        },
        with: s.common && {
          kind: 'With',
          recursive: false,
          span,
          items: [{ kind: 'CommonTable', name: s.common[0], query: s.common[1], span }],
        },
      }),
    );
  const query: fc.Arbitrary<Query> = fc.oneof(
    { depthIdentifier: depth, maxDepth: 4, withCrossShrink: true },
    select,
    fc
      .tuple(
        fc.array(inner, { minLength: 2, maxLength: 3 }),
        fc.constantFrom('UNION' as const, 'EXCEPT' as const),
      )
      .map(
        ([queries, op]): Query => ({
          kind: 'SetOperation',
          op,
          quantifier: 'ALL',
          byName: false,
          queries,
          span,
        }),
      ),
  );
  return { expression, query };
});

export { expression, query };
