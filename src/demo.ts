// What `dev` has ready: a portal, the app "Petspot" and its template, and events on two contacts, so that the first
// page is not empty. Its credentials are well known; they are never written to the folder.
import type { KnownCredentials } from './access/credentials.js';
import { ALL_SCOPES, SCOPES_OF_ELSEWHERE } from './access/scopes.js';
import type { AccessStore, Principal } from './access/store.js';
import { Definitions } from './records/definitions.js';
import { type RecordStore, standardTypeOf } from './records/record.js';
import { draftEvent } from './timeline/event.js';
import type { TimelineStore } from './timeline/store.js';
import { MAX_TEMPLATES_PER_APP } from './timeline/template.js';
import { newTemplate } from './timeline/template_rules.js';

export type DemoCredentials = Omit<KnownCredentials, 'appId' | 'principal'>;

export const DEMO_CREDENTIALS: DemoCredentials = {
  token: 'demo-token',
  developerKey: 'demo-developer-key',
  clientSecret: 'demo-client-secret',
  adminKey: 'demo-admin-key',
};

const portalId = 8420;
const appId = 8420;
const templateId = 1001298;
const clientId = '00000000-0000-4000-8000-000000008420';

export const demo = {
  portalId,
  appId,
  templateId,
  clientId,
  /** Who is at the machine that `dev` runs on. */
  person: { id: 8420, email: 'developer@localhost' },
  /** As with every token: none where the app is not installed. */
  principal(store: AccessStore): Principal | undefined {
    const portal = store.portal(portalId);
    const [app] = store.installed(portalId, { after: appId - 1, limit: 1 });
    return portal && app?.id === appId ? { portal, appId, scopes: ALL_SCOPES } : undefined;
  },
};

const TEMPLATE = {
  name: 'PetSpot Registration',
  objectType: 'contacts',
  headerTemplate: 'Registered [{{petName}}](https://my.petspot.com/pets/{{petName}})',
  detailTemplate: [
    'Registration of {{petName}} ({{petColor}}, age {{petAge}}) occurred at {{#formatDate timestamp}}{{/formatDate}}',
    '',
    '{{#if extraData.questions}}',
    '#### Questions',
    '{{#each extraData.questions}}',
    '',
    '**{{question}}**: {{answer}}',
    '{{/each}}',
    '{{/if}}',
  ].join('\n'),
  tokens: [
    { name: 'petName', label: 'Pet Name', type: 'string' as const },
    { name: 'petAge', label: 'Pet Age', type: 'number' as const },
    {
      name: 'petColor',
      label: 'Pet Color',
      type: 'enumeration' as const,
      options: ['white', 'black', 'brown', 'yellow', 'other'].map((value) => ({
        value,
        label: `${value.slice(0, 1).toUpperCase()}${value.slice(1)}`,
      })),
    },
  ],
};

const EVENTS: [
  email: string,
  hoursAgo: number,
  petName: string,
  petAge: string,
  petColor: string,
  answers: object[],
][] = [
  ['ada@example.com', 2, 'Biscuit', '4', 'brown', [{ question: 'Favourite toy?', answer: 'The red ball' }]],
  ['ada@example.com', 27, 'Marmalade', '2', 'yellow', [{ question: 'Indoor or outdoor?', answer: 'Indoor' }]],
  ['ada@example.com', 24 * 40, 'Domino', '9', 'black', []],
  ['grace@example.com', 5, 'Pixel', '1', 'white', [{ question: 'Vaccinated?', answer: 'Yes, in May' }]],
  ['grace@example.com', 24 * 9, 'Turing', '7', 'other', [{ question: 'Species?', answer: 'Tortoise' }]],
];

/** Adds what is missing of the demo, whatever else the folder holds. */
export async function ensureDemo(
  store: AccessStore & RecordStore & TimelineStore,
  clock: () => number,
): Promise<void> {
  await store.createPortal({ id: portalId, name: 'Demo', lenient: true });
  await store.createApp({
    id: appId,
    name: 'Petspot',
    clientId,
    redirectUris: [],
    scopes: [...ALL_SCOPES, ...SCOPES_OF_ELSEWHERE],
  });
  await store.install(portalId, appId);
  if (store.template(templateId)) return;
  const now = clock();
  const definitions = new Definitions(store, clock);
  const template = { id: templateId, version: 1, ...newTemplate(appId, TEMPLATE, now, () => false) };
  const drafts = EVENTS.map(([email, hoursAgo, petName, petAge, petColor, questions], index) =>
    draftEvent(
      {
        id: `petspot:demo-${index + 1}`,
        email,
        timestamp: now - hoursAgo * 3_600_000,
        tokens: new Map(Object.entries({ petName, petAge, petColor })),
        extraData: JSON.stringify({ questions }),
        timelineIFrame: {
          linkLabel: `View ${petName}`,
          headerLabel: petName,
          url: `https://my.petspot.com/pets/${petName}`,
          width: 600,
          height: 400,
        },
      },
      {
        portalId,
        unknown: 'create',
        template,
        definitions,
        schemas: { typeOf: (_portal, name) => standardTypeOf(name) },
        now,
      },
      [],
    ),
  );
  await store.append(drafts);
  await store.createTemplate(template, MAX_TEMPLATES_PER_APP + 1); // last: where it is, the events are
}
