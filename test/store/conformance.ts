// What every storage engine promises, written against the ports of the ground only: their comments are the text,
// the tests of its parts are the proof. An engine's own test file calls `conformance` with a way to open it.
import fc from 'fast-check';
import { afterAll, describe, test } from 'vitest';
import { accessConformance } from './access.js';
import { associationConformance } from './associations.js';
import { consentConformance } from './consents.js';
import { erasingConformance } from './erasing.js';
import { eventConformance } from './events.js';
import { importConformance } from './imports.js';
import { madeIdConformance } from './made_ids.js';
import { mergingConformance } from './merging.js';
import { model } from './model.js';
import { peopleConformance } from './people.js';
import { propertyConformance } from './properties.js';
import { schemaConformance } from './schemas.js';
import { subjectConformance } from './subjects.js';
import { type Place, tenantOf } from './support.js';
import { templateConformance } from './templates.js';
import { timelineConformance } from './timelines.js';
import { userConformance } from './users.js';

/** How often the random model runs, and for how long at most. MODEL_RUNS sets how often, however long it takes. */
const MODEL_RUNS = Number(process.env.MODEL_RUNS ?? 300);
const MODEL_TIMEOUT = process.env.MODEL_RUNS === undefined ? 120_000 : 3_600_000;
const MODEL_MS = process.env.MODEL_RUNS === undefined ? 7_000 : Number.POSITIVE_INFINITY;

export async function conformance(name: string, create: () => Promise<Place>): Promise<void> {
  const place = await create();
  const store = await place.open();
  describe(name, () => {
    afterAll(async () => {
      await store.close();
      await place.remove();
    });

    eventConformance(store, create);
    subjectConformance(store);
    timelineConformance(store);
    associationConformance(store);
    templateConformance(store);
    madeIdConformance(store);
    peopleConformance(store);
    mergingConformance(store);
    erasingConformance(store, create);
    importConformance(store);
    schemaConformance(store);
    accessConformance(store, create);
    consentConformance(store);
    userConformance(store);
    propertyConformance(store);

    test(
      'is as a plain model says, whatever comes, across closing and opening',
      async () => {
        const own = await create();
        let opened = await own.open();
        const reopen = async () => {
          await opened.close();
          opened = await own.open();
          return opened;
        };
        try {
          const tenant = await tenantOf(opened);
          const until = Date.now() + MODEL_MS;
          await fc.assert(
            fc.asyncProperty(model.steps, async (steps) => {
              if (Date.now() > until) return;
              const portalId = await opened.createPortal({ name: 'Model', lenient: false });
              await model.run({ ...tenant, portalId }, steps, () => opened, reopen);
            }),
            { numRuns: MODEL_RUNS },
          );
        } finally {
          await opened.close();
          await own.remove();
        }
      },
      MODEL_TIMEOUT,
    );
  });
}
