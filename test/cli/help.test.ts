// colonnade help: every topic lists names, and every name has an entry.
import { Command } from 'commander';
import { afterEach, expect, it, vi } from 'vitest';
import { helpCommand } from '../../server/cli/help.ts';

afterEach(() => vi.restoreAllMocks());

async function help(...words: string[]): Promise<string> {
  let said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  expect(await helpCommand(words, new Command('colonnade'))).toBe(0);
  return said;
}

it.each([
  ['functions', 'toStartOfInterval'],
  ['settings', 'max_memory_usage'],
  ['formats', 'JSONEachRow'],
  ['types', 'LowCardinality'],
  ['engines', 'ReplacingMergeTree'],
  ['table-functions', 'clusterAllReplicas'],
  ['system-tables', 'parts'],
  ['errors', 'SYNTAX_ERROR'],
])('%s lists %s and knows it', { timeout: 120_000 }, async (topic, name) => {
  expect(await help(topic)).toMatch(new RegExp(`\\b${name}\\b`));
  vi.restoreAllMocks();
  expect(await help(name)).toContain(name);
});
