// What the commands of ALTER TABLE share.

import type { AlterCommand } from '../../ast/index.ts';
import type { Cursor } from '../cursor.ts';

export type Parse = (p: Cursor, start: number) => AlterCommand;

export const span = (start: number) => ({ start, end: start });
