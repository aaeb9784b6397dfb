// Which buckets of local time are whole in a zone.
import { expect, it } from 'vitest';
import { isWholeIn } from '../engine/plan/rollups/zones.ts';

it('depends on the offsets of the zone since 1970', () => {
  expect(isWholeIn('Europe/Berlin', 3600)).toBe(true);
  expect(isWholeIn('America/Sao_Paulo', 3600)).toBe(true);
  expect(isWholeIn('Asia/Kolkata', 3600)).toBe(false);
  expect(isWholeIn('Asia/Kolkata', 1800)).toBe(true);
  expect(isWholeIn('Asia/Kathmandu', 1800)).toBe(false);
  expect(isWholeIn('Australia/Lord_Howe', 3600)).toBe(false);
  expect(isWholeIn('Africa/Monrovia', 900)).toBe(false);
  expect(isWholeIn('Europe/Berlin', 7200)).toBe(false);
  expect(isWholeIn('Nowhere/Land', 60)).toBe(false);
});
