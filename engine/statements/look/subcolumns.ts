// Parts of columns that can be read by themselves, for DESCRIBE with describe_include_subcolumns.

import { tupleElements, typeArguments, typeHead } from '../../plan/types.ts';

export interface Subcolumn {
  readonly name: string;
  readonly type: string;
}

const within = (prefix: string, list: readonly Subcolumn[]): Subcolumn[] =>
  list.map(({ name, type }) => ({ name: `${prefix}.${name}`, type }));

const inArrays = (list: readonly Subcolumn[]): Subcolumn[] =>
  list.map(({ name, type }) => ({ name, type: `Array(${type})` }));

/** An element and what is in it. */
const element = (name: string, type: string, arrays: number): Subcolumn[] => [
  { name, type },
  ...within(name, subcolumns(type, arrays)),
];

/** @param arrays how many arrays are around */
export function subcolumns(type: string, arrays = 0): Subcolumn[] {
  const [first = '', second = ''] = typeArguments(type);
  const size: Subcolumn = { name: `size${arrays}`, type: 'UInt64' };
  switch (typeHead(type)) {
    case 'String':
      return [{ name: 'size', type: 'UInt64' }];
    case 'Nullable': {
      const inner = subcolumns(first, arrays).map(({ name, type: own }) => ({
        name,
        type: `Nullable(${own})`,
      }));
      return [{ name: 'null', type: 'UInt8' }, ...inner];
    }
    case 'Array':
      return [size, ...inArrays(subcolumns(first, arrays + 1))];
    case 'Map': {
      const keys = inArrays(element('keys', first, arrays + 1));
      return [size, ...keys, ...inArrays(element('values', second, arrays + 1))];
    }
    case 'Tuple':
      return (tupleElements(type) ?? []).flatMap(({ name, type: own }, i) =>
        element(name || String(i + 1), own, arrays),
      );
    default:
      return [];
  }
}
