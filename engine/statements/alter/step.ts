// What a command of ALTER is made of, and what it is given.
import type { AlterCommand } from '../../../sql/index.ts';
import type { TableDefinition } from '../../catalog/definition.ts';
import type { TableState } from '../../catalog/state.ts';
import type { ChangeJson } from '../../plan/physical/wire.ts';
import type { Run } from '../../query/core.ts';

export interface Step {
  define?: (definition: TableDefinition) => TableDefinition;
  /** Rows that are there change in the same commit as the definition; given the new one. */
  rewrite?: (run: Run, definition: TableDefinition) => ChangeJson;
  /** What happens beyond the definition, once that is committed. */
  after?: (run: Run, table: TableState) => Promise<void>;
}

export interface Altering {
  readonly run: Run;
  /** The table as the statement found it. */
  readonly before: TableDefinition;
  /** As the commands before this one leave it. */
  readonly definition: TableDefinition;
}

export type CommandOf<K extends AlterCommand['kind']> = Extract<AlterCommand, { kind: K }>;
