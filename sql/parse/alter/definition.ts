// ALTER TABLE … ADD, DROP, CLEAR, MATERIALIZE, MODIFY and REMOVE of what a definition consists of.

import type { AlterCommand } from '../../ast/index.ts';
import { parseRefresh, parseSecurity } from '../create-view.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression.ts';
import { parseQuery } from '../query.ts';
import { parseColumn } from '../table/column.ts';
import { parseConstraint, parseIndex, parseProjection } from '../table/elements.ts';
import { parseSortingKey } from '../table/key.ts';
import { parseInPartition } from '../table/partition.ts';
import { parseTtl } from '../table/storage.ts';
import { parseSettingsList } from '../window.ts';
import { parseModifyColumn, parsePlace } from './column.ts';
import { type Parse, span } from './command.ts';
import { parsePartitionCommand } from './partition.ts';

export const parseAdd: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifNotExists = p.ifNotExists();
    const column = parseColumn(p);
    return { kind: 'AddColumn', ifNotExists, column, place: parsePlace(p), span: span(start) };
  }
  if (p.accept('INDEX')) {
    const ifNotExists = p.ifNotExists();
    const index = parseIndex(p, p.start());
    return { kind: 'AddIndex', ifNotExists, index, place: parsePlace(p), span: span(start) };
  }
  if (p.accept('PROJECTION')) {
    const ifNotExists = p.ifNotExists();
    const projection = parseProjection(p, p.start());
    return {
      kind: 'AddProjection',
      ifNotExists,
      projection,
      place: parsePlace(p),
      span: span(start),
    };
  }
  if (p.accept('CONSTRAINT')) {
    const ifNotExists = p.ifNotExists();
    const constraint = parseConstraint(p, p.start());
    if (constraint.kind !== 'ConstraintDefinition') return p.fail('CHECK');
    return { kind: 'AddConstraint', ifNotExists, constraint, span: span(start) };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'ADD');
  return p.fail('COLUMN');
};

type StatisticsAction = (AlterCommand & { kind: 'AlterStatistics' })['action'];

function parseStatistics(p: Cursor, start: number, action: StatisticsAction): AlterCommand {
  const ifNotExists = action === 'ADD' && p.ifNotExists();
  const ifExists = action !== 'ADD' && p.ifExists();
  const all = action !== 'ADD' && action !== 'MODIFY' && p.accept('ALL');
  const columns = all ? [] : p.list(() => p.dottedName());
  const types = p.accept('TYPE') ? p.list(() => parseCodecItem(p)) : undefined;
  return {
    kind: 'AlterStatistics',
    action,
    ifExists,
    ifNotExists,
    all,
    columns,
    types,
    span: span(start),
  };
}

function parseCodecItem(p: Cursor) {
  const name = p.name('statistics type');
  return {
    kind: 'Function' as const,
    name: name.name,
    nameSpan: name.span,
    args: [],
    distinct: false,
    span: name.span,
  };
}

type NamedAction = (AlterCommand & { kind: 'AlterNamed' })['action'];
type NamedObject = (AlterCommand & { kind: 'AlterNamed' })['object'];

function parseNamed(
  p: Cursor,
  start: number,
  action: NamedAction,
  object: NamedObject,
): AlterCommand {
  const ifExists = p.ifExists();
  const name = p.dottedName();
  const partition = action === 'DROP' ? undefined : parseInPartition(p);
  return { kind: 'AlterNamed', action, object, ifExists, name, partition, span: span(start) };
}

export const parseDrop: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifExists = p.ifExists();
    return { kind: 'DropColumn', ifExists, name: p.dottedName(), span: span(start) };
  }
  for (const object of ['INDEX', 'PROJECTION', 'CONSTRAINT'] as const) {
    if (p.accept(object)) return parseNamed(p, start, 'DROP', object);
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'DROP');
  if (p.accept('DETACHED')) return parsePartitionCommand(p, start, 'DROP DETACHED');
  if (p.is('PARTITION') || p.is('PART')) return parsePartitionCommand(p, start, 'DROP');
  return p.fail('COLUMN');
};

export const parseClear: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifExists = p.ifExists();
    const name = p.dottedName();
    return {
      kind: 'ClearColumn',
      ifExists,
      name,
      partition: parseInPartition(p),
      span: span(start),
    };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'CLEAR');
  return parseNamed(p, start, 'CLEAR', p.expectOne('INDEX', 'PROJECTION'));
};

export const parseMaterialize: Parse = (p, start) => {
  if (p.accept('COLUMN')) {
    const ifExists = p.ifExists();
    const name = p.dottedName();
    const partition = parseInPartition(p);
    return { kind: 'MaterializeColumn', ifExists, name, partition, span: span(start) };
  }
  if (p.accept('TTL')) {
    return { kind: 'MaterializeTtl', partition: parseInPartition(p), span: span(start) };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'MATERIALIZE');
  return parseNamed(p, start, 'MATERIALIZE', p.expectOne('INDEX', 'PROJECTION'));
};

export const parseModify: Parse = (p, start) => {
  if (p.accept('COLUMN')) return parseModifyColumn(p, start);
  if (p.acceptAll('ORDER', 'BY')) {
    return { kind: 'ModifyOrderBy', orderBy: parseSortingKey(p), span: span(start) };
  }
  if (p.acceptAll('SAMPLE', 'BY')) {
    return { kind: 'ModifySampleBy', sampleBy: parseExpression(p, 0), span: span(start) };
  }
  if (p.accept('TTL')) return { kind: 'ModifyTtl', ttl: parseTtl(p), span: span(start) };
  if (p.accept('SETTING') || p.accept('SETTINGS')) {
    return { kind: 'ModifySetting', settings: parseSettingsList(p), span: span(start) };
  }
  if (p.accept('QUERY')) return { kind: 'ModifyQuery', query: parseQuery(p), span: span(start) };
  if (p.is('REFRESH')) {
    return { kind: 'ModifyRefresh', refresh: parseRefresh(p), span: span(start) };
  }
  if (p.accept('COMMENT')) {
    return { kind: 'ModifyComment', comment: p.string(), span: span(start) };
  }
  if (p.accept('STATISTICS')) return parseStatistics(p, start, 'MODIFY');
  const security: { definer?: string; security?: 'DEFINER' | 'INVOKER' | 'NONE' } = {};
  while (parseSecurity(p, security));
  if (security.definer !== undefined || security.security !== undefined) {
    return { kind: 'ModifySecurity', ...security, span: span(start) };
  }
  return p.fail('COLUMN');
};

export const parseRemove: Parse = (p, start) => {
  if (p.accept('TTL')) return { kind: 'RemoveTtl', span: span(start) };
  p.expectAll('SAMPLE', 'BY');
  return { kind: 'RemoveSampleBy', span: span(start) };
};
