// Failures of the kernel cross as JSON in the message of an error; here they become EngineErrors.
import { failCode } from '../errors.ts';

interface Crossed {
  code: number;
  name: string;
  message: string;
  hint?: string;
  detail?: { hint?: string };
}

/** A failure of the addon as one of ours; anything else as it came. */
export function crossed(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith('{')) return error;
  let failure: Crossed;
  try {
    failure = JSON.parse(error.message) as Crossed;
  } catch {
    return error;
  }
  if (failure.name === 'FILE_ERROR') return error;
  const hint = failure.hint ?? failure.detail?.hint;
  return failCode(failure.code, failure.name, failure.message, hint ? { hint } : {});
}

export function sync<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw crossed(error);
  }
}

export async function later<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw crossed(error);
  }
}
