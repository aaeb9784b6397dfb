// OPTIMIZE TABLE … ZORDER BY (a, b): rows that are near in all of these columns come to lie near each
// other, so that the statistics of blocks spare reading for filters on any of them.

import { type Optimize, print } from '../../sql/index.ts';
import type { TableDefinition } from '../catalog/definition.ts';
import { identifierText } from '../plan/bind/names.ts';
import { failAt } from '../plan/context.ts';
import { ownRun, planOf } from '../query/ask.ts';
import { type Answer, done, type Run, sessionJson } from '../query/core.ts';
import { writeRows } from '../query/write-rows.ts';
import { segmentsOf } from '../storage/mutations/mutations.ts';
import { exclusively } from '../storage/partitions.ts';
import { baseEngine } from '../tables/engine-rule.ts';
import { bindTable } from '../tables/shape.ts';

/** Columns that are woven together, at most. */
const columnsMax = 8;

/** A number that is ordered as the value is. */
function rankOf(text: string, type: string): string | undefined {
  const bare = type.replace(/^(?:LowCardinality|Nullable)\((?:Nullable\()?(.*?)\)+$/, '$1');
  const value = `assumeNotNull(${text})`;
  const known = /Nullable/.test(type)
    ? (of: string) => `if(isNull(${text}), 0, ${of})`
    : (of: string) => of;
  if (/^(U?Int|Float|Decimal|Date|Bool|IPv4)/.test(bare)) return known(`toFloat64(${value})`);
  if (/^Enum/.test(bare)) return known(`toFloat64(toInt32(${value}))`);
  if (!/^(String|FixedString)/.test(bare)) return undefined;
  const head = `substring(concat(toString(${value}), repeat('\\0', 8)), 1, 8)`;
  return known(`toFloat64(reinterpretAsUInt64(reverse(${head})))`);
}

function checkTable(definition: TableDefinition, ast: Optimize): void {
  const { engine, name, orderBy } = definition;
  if (baseEngine(engine.name) !== 'MergeTree') {
    throw failAt(
      ast.span,
      'CANNOT_ASSIGN_OPTIMIZE',
      `ZORDER BY is for MergeTree, not ${engine.name}`,
    );
  }
  if (orderBy.length === 0) return;
  throw failAt(ast.span, 'BAD_ARGUMENTS', `The rows of ${name} are sorted by its ORDER BY`, {
    hint: 'ZORDER BY is for tables with ORDER BY tuple()',
  });
}

export async function zorder(
  run: Run,
  ast: Optimize,
  definition: TableDefinition,
): Promise<Answer> {
  checkTable(definition, ast);
  const items = (ast.zorderBy ?? []).flatMap((e) => (e.kind === 'Tuple' ? e.items : [e]));
  if (items.length === 0 || items.length > columnsMax) {
    throw failAt(ast.span, 'BAD_ARGUMENTS', `ZORDER BY takes 1 to ${columnsMax} columns`);
  }
  const binding = bindTable(run.core.native.planner(sessionJson(run)), definition);
  const ranks = items.map((item) => {
    const { type } = binding.bind(item);
    const rank = rankOf(`(${print(item)})`, type);
    if (rank !== undefined) return rank;
    throw failAt(item.span, 'ILLEGAL_TYPE_OF_ARGUMENT', `ZORDER BY cannot order ${type}`);
  });
  const { storage } = run.core;
  const store = storage.store(definition.id);
  await exclusively(storage, [store], async () => {
    const { table } = store;
    if (table.segments.length === 0) return;
    const sql = queryOf(table.definition, table.current?.version ?? 0, ranks);
    const own = ownRun(run);
    const outcome = await writeRows(own, table.definition, planOf(own, sql).plan);
    const { batch, segments = [] } = outcome;
    const made =
      batch === undefined ? segments : await segmentsOf(storage, table.definition, batch);
    const add = await storage.context.finish(storage, table.definition, made);
    const remove = table.segments.map(({ file }) => file);
    const change = { id: store.id, add, remove, sameRows: true, operation: 'OPTIMIZE' };
    try {
      await storage.context.catalog.commit({ tables: [change] });
    } catch (error) {
      if (!storage.context.health.poisoned) {
        for (const segment of add) storage.collector.discardSegment(segment);
      }
      throw error;
    }
  });
  storage.collector.collect();
  return done;
}

/** All stored columns of a version, in the order of the curve. */
function queryOf(definition: TableDefinition, version: number, ranks: readonly string[]): string {
  const { database, name, columns } = definition;
  const from = `${identifierText(database)}.${identifierText(name)} VERSION AS OF ${version}`;
  const stored = columns
    .filter((c) => c.defaultKind !== 'ALIAS' && c.defaultKind !== 'EPHEMERAL')
    .map((c) => identifierText(c.name));
  const steps = 2 ** Math.min(32, Math.floor(64 / ranks.length)) - 1;
  const places = ranks.map((rank, i) => {
    const [low, high] = [
      `tupleElement(\`#z\`, ${2 * i + 1})`,
      `tupleElement(\`#z\`, ${2 * i + 2})`,
    ];
    const share = `if(${high} > ${low} AND isFinite(${rank}), (${rank} - ${low}) / (${high} - ${low}), 0)`;
    return `toUInt64(${steps} * ${share})`;
  });
  const bounds = ranks.map((r) => `minIf(${r}, isFinite(${r})), maxIf(${r}, isFinite(${r}))`);
  const order = places.length === 1 ? places[0] : `mortonEncode(${places.join(', ')})`;
  return `WITH (SELECT tuple(${bounds.join(', ')}) FROM ${from}) AS \`#z\`
    SELECT ${stored.join(', ')} FROM ${from} ORDER BY ${order}`;
}
