// The plan as it crosses to the kernel: the TypeScript face of native/exec/src/plan.rs.

export type LitValue = null | boolean | string | LitValue[];

/** A typed constant; numbers, dates and decimals are ClickHouse text. */
export interface Lit {
  type: string;
  value: LitValue;
}

export type ExprJson =
  | { col: number }
  | { param: number }
  | { lit: Lit }
  | { call: string; args: ExprJson[] }
  | { cast: ExprJson; to: string }
  | { lambda: ExprJson; params: number; types: string[] }
  | { in: ExprJson; set: { values: Lit } | { subquery: number }; negated: boolean }
  | { scalar: number; type: string };

export interface SortKeyJson {
  expr: ExprJson;
  desc: boolean;
  nullsFirst: boolean;
}

export interface AggregateJson {
  name: string;
  params: Lit[];
  args: ExprJson[];
}

export type JoinKind =
  | 'inner'
  | 'left'
  | 'right'
  | 'full'
  | 'cross'
  | 'semi'
  | 'anti'
  | 'rightSemi'
  | 'rightAnti'
  | 'asof'
  | 'asofLeft';

export type BoundJson =
  | { kind: 'unboundedPreceding' | 'currentRow' | 'unboundedFollowing' }
  | { kind: 'preceding' | 'following'; offset: Lit };

export interface FrameJson {
  unit: 'rows' | 'range' | 'groups';
  start: BoundJson;
  end: BoundJson;
}

export interface WindowCallJson extends AggregateJson {
  frame: FrameJson;
}

export interface FillJson {
  column: number;
  desc: boolean;
  from?: Lit;
  to?: Lit;
  step?: Lit;
  staleness?: Lit;
}

export interface TableColumnJson {
  name: string;
  type: string;
  codec?: string;
  default?: ExprJson;
  stored?: string;
}

export type NodeJson =
  | {
      kind: 'scan';
      table: number;
      columns: string[];
      filter?: ExprJson;
      /** Rows as the table's engine would merge them, within each partition or over all. */
      final?: boolean;
      byPartition?: boolean;
    }
  | { kind: 'one' }
  | {
      kind: 'guard';
      input: NodeJson;
      rows: number;
      bytes: number;
      cut: boolean;
      /** The piece that goes beyond is given whole. */
      whole?: boolean;
      code: number;
      what: string;
    }
  | { kind: 'numbers'; start: number; count?: number; step: number; block?: number }
  | { kind: 'values'; columns: TableColumnJson[]; rows: LitValue[][] }
  | { kind: 'format'; format: string; data: string; hex?: true; columns: TableColumnJson[] }
  | {
      kind: 'files';
      format: string;
      columns: TableColumnJson[];
      virtuals: TableColumnJson[];
      files: NamedFileJson[];
    }
  | { kind: 'batch'; batch: number; columns: TableColumnJson[] }
  | { kind: 'subquery'; subquery: number }
  | {
      kind: 'recursive';
      table: number;
      first: NodeJson;
      step: NodeJson;
      stepsMax: number;
      distinct: boolean;
    }
  | { kind: 'working'; table: number }
  | { kind: 'filter'; input: NodeJson; predicate: ExprJson }
  | { kind: 'project'; input: NodeJson; exprs: ExprJson[] }
  | {
      kind: 'aggregate';
      input: NodeJson;
      keys: ExprJson[];
      aggregates: AggregateJson[];
      sets?: number[][];
      totals: boolean;
      totalsOfAll?: boolean;
      widenedKeys?: number[];
      anyGroups?: number;
      emptyIfNoRows: boolean;
    }
  | { kind: 'sort'; input: NodeJson; keys: SortKeyJson[]; limit?: number; withTies: boolean }
  | { kind: 'limit'; input: NodeJson; limit?: number; offset: number; ties?: ExprJson[] }
  | { kind: 'limitBy'; input: NodeJson; keys: ExprJson[]; limit: number; offset: number }
  | { kind: 'distinct'; input: NodeJson; keys?: ExprJson[]; limit?: number }
  | { kind: 'union'; inputs: NodeJson[] }
  | {
      kind: 'setOperation';
      left: NodeJson;
      right: NodeJson;
      operation: 'intersect' | 'except';
      all: boolean;
    }
  | {
      kind: 'join';
      left: NodeJson;
      right: NodeJson;
      join: JoinKind;
      strictness: 'all' | 'any';
      leftKeys: ExprJson[];
      rightKeys: ExprJson[];
      residual?: ExprJson;
      asof?: { left: ExprJson; right: ExprJson; op: string };
      useNulls: boolean;
    }
  | {
      kind: 'window';
      input: NodeJson;
      partition: ExprJson[];
      order: SortKeyJson[];
      calls: WindowCallJson[];
    }
  | { kind: 'arrayJoin'; input: NodeJson; arrays: ExprJson[]; left: boolean }
  | {
      kind: 'fill';
      input: NodeJson;
      keys: FillJson[];
      interpolate: [number, ExprJson][];
      prefix: number[];
    };

export type SubqueryUse = 'scalar' | 'set' | 'exists' | 'table';

export interface TableShapeJson {
  columns: TableColumnJson[];
  sortKey: ExprJson[];
  partitionKey: ExprJson[];
  skipIndexes: {
    name: string;
    indexType: string;
    expr: ExprJson;
    falsePositiveRate?: number;
    tokenizer?: string;
  }[];
  /** Rows of a granule, and the columns of skip indexes: what limits of rows to read go by. */
  granularity?: number;
  skipping?: string[];
  timezone: string;
  engine?: EngineRuleJson;
  checks?: { name: string; text: string; expr: ExprJson }[];
  ttl?: TtlRuleJson[];
}

/** What becomes of rows with equal keys; columns by name. */
export type EngineRuleJson =
  | { kind: 'replacing'; version?: string; isDeleted?: string }
  | { kind: 'collapsing' | 'versionedCollapsing'; sign: string }
  | {
      kind: 'summing' | 'coalescing';
      columns: readonly string[];
      partition: readonly string[];
    }
  /** The first row stays. */
  | { kind: 'aggregating' | 'first' };

/** What happens to rows at the time that `expr` gives. */
export interface TtlRuleJson {
  expr: ExprJson;
  filter?: ExprJson;
  action:
    | { kind: 'delete' }
    | { kind: 'column'; column: string; value?: ExprJson }
    | {
        kind: 'group';
        keys: ExprJson[];
        /** Values of `set` are over these. */
        aggregates: AggregateJson[];
        set: { column: string; value: ExprJson }[];
      };
}

export interface WriteTargetJson {
  store: number;
  table: TableShapeJson;
  prefix: string;
  segmentRows?: number;
  partitionsMax?: number;
  /** Rows with equal keys stay, whatever the engine says. */
  asIs?: boolean;
}

/** What a rewrite of segments does to rows; expressions are over the table's columns. */
export interface ChangeJson {
  delete?: ExprJson;
  updateWhere?: ExprJson;
  update?: { column: string; value: ExprJson }[];
  /** Columns made of updated ones: computed from the updated row. */
  derived?: { column: string; value: ExprJson }[];
  all?: boolean;
  /** A segment of which no more rows change gets a patch instead of being written anew. */
  patchRows?: number;
  /** Seconds since the epoch: what is older by its TTL goes. */
  now?: number;
}

/** A file outside of the store; values of its virtual columns as in a literal. */
export interface NamedFileJson {
  root?: string;
  path: string;
  shown: string;
  compression?: string;
  sparse?: boolean;
  virtuals: LitValue[];
}

export type SinkJson =
  | { kind: 'format'; format: string; settings: Record<string, string> }
  | { kind: 'segments'; target: WriteTargetJson }
  | { kind: 'batch' };

export interface SessionJson {
  timezone: string;
  nowNs: string;
  database: string;
  user: string;
  queryId: string;
  version: string;
  hostname: string;
  settings: Record<string, string>;
}

export interface LimitsJson {
  executionMs: number;
  executionBreak: boolean;
  memoryBytes: number;
  /** Of all queries of the user together. */
  userMemoryBytes: number;
  resultRows: number;
  resultBytes: number;
  resultBreak: boolean;
  readBreak: boolean;
  readRows: number;
  readBytes: number;
  threads: number;
  analyze: boolean;
  /** Temporary files, and the bytes of the query's memory from which operators use them (0 = never). */
  spill?: {
    store: number;
    prefix: string;
    bytes: number;
    groupByAt: number;
    joinAt: number;
    sortAt: number;
  };
}

/** A plan without what differs from run to run; one of these is kept per cached statement. */
export interface PlanBody {
  root: NodeJson;
  names: string[];
  subqueries: { plan: NodeJson; usage: SubqueryUse }[];
}

export interface PlanJson extends PlanBody {
  sink: SinkJson;
  session: SessionJson;
  limits: LimitsJson;
}
