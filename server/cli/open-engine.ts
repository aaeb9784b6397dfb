// Opens the engine for the command line and the server; the one place outside tests that does.
import type { Engine, Logger } from '../../engine/facade.ts';
import { isFailure } from '../request-error.ts';
import { Unreachable } from './failure.ts';

/** @throws Unreachable when the directory is in use, damaged or not to be written */
export async function openEngine(
  dataDir: string,
  settings: Record<string, string>,
  logger: Logger,
): Promise<Engine> {
  // Loaded late: commands that talk to a server need no kernel.
  const { open } = await import('../../engine/index.ts');
  try {
    return await open({ dataDir, settings, logger });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const name = isFailure(error) ? ` (${error.name})` : '';
    throw new Unreachable(`the data directory ${dataDir} cannot be opened: ${message}${name}`);
  }
}
