// `throughline portal|app|token|admin-key …`: who may call. They work whether or not a server holds the folder.
import { type Command, Option } from 'commander';
import { digest, newApp, newSecret } from '../access/credentials.js';
import { appFaults, nameFaults, portalFaults, tokenFaults } from '../access/rules.js';
import type { App, Portal } from '../access/store.js';
import { dataOption, jsonOption, parseTimeZone } from '../config.js';
import { brief, type Fault, invalid } from '../refusal.js';
import { holdsStore, openStore, type Store } from '../store/sqlite/engine.js';

export interface Common {
  data: string;
  json?: boolean;
}

interface NewPortal {
  name: string;
  timeZone?: string;
  lenient?: boolean;
  associateByDomain: boolean;
}

interface PortalUpdate extends Partial<Omit<NewPortal, 'timeZone'>> {
  portal: string;
  timeZone?: string | false;
  strict?: boolean;
}

interface AppUpdate {
  app: string;
  name?: string;
  redirectUri?: string[];
  scope?: string[];
}

export function accessCommands(program: Command): void {
  const portal = program.command('portal').description('portals: the tenants');
  command(portal, 'create', 'make a portal')
    .requiredOption('--name <name>', 'what people call it')
    .option('--time-zone <zone>', 'IANA zone in which templates print dates', parseTimeZone)
    .option('--lenient', 'create records that events name and that do not exist')
    .option('--no-associate-by-domain', "leave a new contact without the company of its e-mail's domain")
    .action((options: Common & NewPortal) => {
      const { name, timeZone, lenient = false, associateByDomain } = options;
      refuse('portal', portalFaults({ name }));
      return withStore(options, async (store) => {
        const id = await store.createPortal({
          name,
          lenient,
          ...(timeZone ? { timeZone } : {}),
          ...(associateByDomain ? {} : { associateByDomain: false }),
        });
        return { portalId: String(id) };
      });
    });
  command(portal, 'update', 'change a portal; what is not named stays')
    .requiredOption('--portal <id>', "the portal's id")
    .option('--name <name>', 'what people call it')
    .option('--time-zone <zone>', 'IANA zone in which templates print dates', parseTimeZone)
    .option('--no-time-zone', 'take its own away')
    .option('--lenient', 'create records that events name and that do not exist')
    .option('--strict', 'refuse them')
    .option('--associate-by-domain', "give a new contact the company of its e-mail's domain")
    .option('--no-associate-by-domain', 'leave it without')
    .action((options: Common & PortalUpdate) =>
      withFolder(options, async (store) => {
        const { name, timeZone, lenient, strict, associateByDomain } = options;
        const { id } = portalOf(store, options.portal);
        if (lenient && strict) fail('Give --lenient or --strict, not both.');
        refuse('portal', portalFaults({ name }));
        await store.changePortal(id, {
          name,
          timeZone: timeZone === false ? null : timeZone,
          lenient: strict ? false : lenient,
          associateByDomain,
        });
        return { portalId: String(id) };
      }),
    );
  command(portal, 'list', 'list the portals').action((options: Common) =>
    withFolder(options, async (store) => ({
      portals: store.portals().map(({ id, ...rest }) => ({ portalId: String(id), ...rest })),
    })),
  );

  const app = program.command('app').description("apps: the integrators', each with templates of its own");
  command(app, 'create', 'make an app; its secrets are shown this once')
    .requiredOption('--name <name>', 'what people call it')
    .option('--redirect-uri <uri...>', 'where OAuth may send people back to', once, [])
    .addOption(scopeOption('what it may ask a portal for'))
    .action((options: Common & { name: string; redirectUri: string[]; scope: string[] }) => {
      const { name, redirectUri: redirectUris, scope: scopes } = options;
      refuse('app', appFaults({ name, redirectUris, scopes }));
      return withStore(options, async (store) => {
        const { id, ...secrets } = await newApp(store, { name, redirectUris, scopes });
        return { appId: String(id), ...secrets };
      });
    });
  command(app, 'update', 'change an app; what is not named stays')
    .requiredOption('--app <id>', "the app's id")
    .option('--name <name>', 'what people call it')
    .option('--redirect-uri <uri...>', 'where OAuth may send people back to, in place of what it had', once)
    .option('--scope <scope...>', 'what it may ask a portal for, in place of what it had', once)
    .action((options: Common & AppUpdate) =>
      withFolder(options, async (store) => {
        const { name, redirectUri: redirectUris, scope: scopes } = options;
        const { id } = appOf(store, options.app);
        const change = { name, redirectUris, scopes };
        refuse('app', appFaults(change));
        await store.changeApp(id, change);
        return { appId: String(id) };
      }),
    );
  command(
    app,
    'rotate',
    'give an app a new secret or key, shown this once; the old one is good for nothing then',
  )
    .requiredOption('--app <id>', "the app's id")
    .addOption(new Option('--secret <kind>', 'which of the two').choices(SECRETS).default('client-secret'))
    .action((options: Common & { app: string; secret: string }) =>
      withFolder(options, async (store) => {
        const { id: appId } = appOf(store, options.app);
        if (options.secret === 'developer-key') {
          const developerKey = newSecret('key');
          await store.changeApp(appId, { developerKeyHash: digest(developerKey) });
          return { appId: String(appId), developerKey };
        }
        const clientSecret = newSecret('secret');
        await store.changeApp(appId, { clientSecretHash: digest(clientSecret) });
        return { appId: String(appId), clientSecret };
      }),
    );
  inPortal(command(app, 'install', 'install an app in a portal')).action((options: Common & InPortal) =>
    withFolder(options, async (store) => {
      const [{ id: portalId }, { id: appId }] = installation(store, options);
      await store.install(portalId, appId);
      return { portalId: String(portalId), appId: String(appId) };
    }),
  );
  inPortal(
    command(
      app,
      'uninstall',
      'take an app out of a portal; all of its tokens there are good for nothing then',
    ),
  ).action((options: Common & InPortal) =>
    withFolder(options, async (store) => {
      const [{ id: portalId }, { id: appId }] = installation(store, options);
      if (!(await store.uninstall(portalId, appId)))
        fail(`App ${appId} is not installed in portal ${portalId}; there is nothing to take out.`);
      return { portalId: String(portalId), appId: String(appId) };
    }),
  );
  command(app, 'list', 'list the apps').action((options: Common) =>
    withFolder(options, async (store) => ({
      apps: store.apps().map(({ id, ...rest }) => ({ appId: String(id), ...rest })),
    })),
  );

  const token = program.command('token').description('access tokens');
  inPortal(command(token, 'create', 'install an app in a portal and make a token for it, shown this once'))
    .addOption(scopeOption('what the token may do'))
    .action((options: Common & InPortal & { scope: string[] }) =>
      withFolder(options, async (store) => {
        const [{ id: portalId }, app] = installation(store, options);
        refuse('token', tokenFaults(app, options.scope));
        const accessToken = newSecret('token');
        const token = { hash: digest(accessToken), portalId, appId: app.id, scopes: options.scope };
        return { tokenId: await store.createToken(token), accessToken };
      }),
    );
  command(token, 'list', 'list the tokens; the secrets themselves are not kept').action((options: Common) =>
    withFolder(options, async (store) => ({
      tokens: store.tokens().map(({ id, portalId, appId, scopes, createdAt }) => ({
        tokenId: id,
        portalId: String(portalId),
        appId: String(appId),
        scopes,
        createdAt: new Date(createdAt).toISOString(),
      })),
    })),
  );
  command(token, 'revoke', 'take a token away; it is good for nothing then')
    .requiredOption('--token <id>', "the token's id, as 'throughline token list' shows it")
    .action((options: Common & { token: string }) =>
      withFolder(options, async (store) => {
        const found = store.tokens().find(({ id }) => id === options.token);
        if (!found || !(await store.revokeToken(found.portalId, found.id)))
          fail(`There is no token with the id ${brief(options.token)}; 'throughline token list' shows them.`);
        return { tokenId: found.id };
      }),
    );

  const adminKey = program
    .command('admin-key')
    .description('admin keys: they open /timeline/v1/apps and /timeline/v1/portals, and nothing else');
  command(adminKey, 'create', 'make an admin key, shown this once')
    .option('--name <name>', 'what it is for', 'admin')
    .action((options: Common & { name: string }) => {
      refuse('admin key', nameFaults(options.name));
      return withStore(options, async (store) => {
        const key = newSecret('admin');
        const id = await store.createAdminKey({ name: options.name, hash: digest(key) });
        return { adminKeyId: String(id), adminKey: key };
      });
    });
  command(adminKey, 'list', 'list the admin keys; the keys themselves are not kept').action(
    (options: Common) =>
      withFolder(options, async (store) => ({
        adminKeys: store.adminKeys().map(({ id, name, createdAt }) => ({
          adminKeyId: String(id),
          name,
          createdAt: new Date(createdAt).toISOString(),
        })),
      })),
  );
  command(adminKey, 'revoke', 'take an admin key away; it opens nothing then')
    .requiredOption('--admin-key <id>', "the key's id, as 'throughline admin-key list' shows it")
    .action((options: Common & { adminKey: string }) =>
      withFolder(options, async (store) => {
        if (!(await store.revokeAdminKey(idOf(options.adminKey))))
          fail(
            `There is no admin key with the id ${brief(options.adminKey)}; 'throughline admin-key list' shows them.`,
          );
        return { adminKeyId: options.adminKey };
      }),
    );
}

const SECRETS = ['client-secret', 'developer-key'];

interface InPortal {
  portal: string;
  app: string;
}

function inPortal(command: Command): Command {
  return command
    .requiredOption('--portal <id>', "the portal's id")
    .requiredOption('--app <id>', "the app's id");
}

function installation(store: Store, { portal, app }: InPortal): [Portal, App] {
  return [portalOf(store, portal), appOf(store, app)];
}

/** By its id, given as text; an error where there is none such. */
export function portalOf(store: Store, id: string): Portal {
  return (
    store.portal(idOf(id)) ?? fail(`There is no portal ${brief(id)}; 'throughline portal list' shows them.`)
  );
}

/** By its id, given as text; an error where there is none such. */
export function appOf(store: Store, id: string): App {
  return store.app(idOf(id)) ?? fail(`There is no app ${brief(id)}; 'throughline app list' shows them.`);
}

/** 0, which nothing has, where it is none. */
function idOf(text: string): number {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
}

function refuse(what: string, faults: readonly Fault[]): void {
  if (faults.length > 0) fail(`${invalid(what, faults).message}.`);
}

export function command(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).addOption(dataOption()).addOption(jsonOption());
}

function scopeOption(description: string): Option {
  return new Option('--scope <scope...>', `${description}; several are separated by spaces`)
    .argParser(once)
    .makeOptionMandatory();
}

/** What stands twice in a list counts once. */
function once(text: string, before: readonly string[] = []): string[] {
  return [...new Set([...before, text])];
}

/** As `withStore`, in a folder that is there already. */
export async function withFolder(options: Common, work: Parameters<typeof withStore>[1]): Promise<void> {
  checkFolder(options.data);
  await withStore(options, work);
}

/** A slip of the pen makes no folder. */
export function checkFolder(data: string): void {
  if (!holdsStore(data))
    fail(`'${data}' is no data folder; --data names it, 'throughline portal create' makes one.`);
}

/** Opens the folder, does the work, prints its answer: one line of JSON, or a line a field. */
export async function withStore(
  { data, json }: Common,
  work: (store: Store) => Promise<Record<string, unknown>>,
): Promise<void> {
  const store = await openStore({ folder: data, clock: Date.now });
  try {
    const answer = await work(store);
    if (json) return void process.stdout.write(`${JSON.stringify(answer)}\n`);
    for (const [name, value] of Object.entries(answer))
      process.stdout.write(Array.isArray(value) ? listText(name, value) : `${name}: ${value}\n`);
  } finally {
    await store.close();
  }
}

function listText(name: string, rows: readonly object[]): string {
  if (rows.length === 0) return `no ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} yet\n`;
  return rows
    .map(
      (row) =>
        `${Object.entries(row)
          // As options take several.
          .map(([key, value]) => `${key}: ${Array.isArray(value) ? value.join(' ') : value}`)
          .join('  ')}\n`,
    )
    .join('');
}

export function fail(message: string): never {
  throw new Error(message);
}
