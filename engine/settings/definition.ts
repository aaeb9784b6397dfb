// What is known of a setting with an effect, and how its row in a table of table/ is written.

export type SettingType = 'bool' | 'integer' | 'float' | 'text' | 'seconds' | 'bytes';

export interface SettingDefinition {
  readonly type: SettingType;
  readonly default: string;
  readonly doc: string;
  /** Ours, not ClickHouse's. */
  readonly own?: true;
  /** The kernel reads it by name. */
  readonly kernel?: true;
}

/** Type, default, description; who it belongs to, or who reads it. */
export type SettingRow = readonly [SettingType, string, string, ('own' | 'kernel')?];
