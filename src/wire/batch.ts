// What the CRM's batches share: how many inputs one has, and the answer around what came of them.
import { invalid } from '../refusal.js';

const MAX_BATCH = 100;

/** The inputs; a refusal where there are too many. */
export function bounded<T>(inputs: readonly T[]): readonly T[] {
  if (inputs.length > MAX_BATCH)
    throw invalid('batch', [
      {
        in: 'inputs',
        message: `has ${inputs.length} inputs; a batch has at most ${MAX_BATCH}: send several`,
      },
    ]);
  return inputs;
}

/** Times are epoch ms. */
export function batchAnswer<Result extends object>(
  results: readonly Result[],
  errors: readonly object[],
  startedAt: number,
  completedAt: number,
) {
  return {
    status: 'COMPLETE',
    results,
    ...(errors.length > 0 ? { numErrors: errors.length, errors } : {}),
    startedAt: new Date(startedAt).toISOString(),
    completedAt: new Date(completedAt).toISOString(),
  };
}
