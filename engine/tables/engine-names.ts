// Which table engines there are.

/** Engines that keep rows as they come. */
export const plainEngines = new Set([
  'Memory',
  'Log',
  'TinyLog',
  'StripeLog',
  'Null',
  'Set',
  'Join',
]);
/** Engines whose rows are those of other tables. */
export const borrowing = new Set(['Merge', 'Buffer']);
/** Rows of chance, made as they are read. */
export const madeEngine = 'GenerateRandom';
const mergeTrees = [
  'MergeTree',
  'ReplacingMergeTree',
  'SummingMergeTree',
  'AggregatingMergeTree',
  'CollapsingMergeTree',
  'VersionedCollapsingMergeTree',
  'CoalescingMergeTree',
];
export const built = new Set(
  mergeTrees.flatMap((name) => [name, `Replicated${name}`, `Shared${name}`]),
);
/** Every engine that a table can have. */
export const engineNames: readonly string[] = [
  ...plainEngines,
  ...borrowing,
  madeEngine,
  ...built,
  ...['View', 'MaterializedView'],
];
