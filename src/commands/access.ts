// `throughline portal|app|token create|list`: who may call. They work whether or not a server holds the folder.
import { type Command, Option } from 'commander';
import { digest, newClientId, newSecret } from '../access/credentials.js';
import { redirectUriFault } from '../access/redirect.js';
import { dataOption, jsonOption, parseTimeZone } from '../config.js';
import { openStore, type Store } from '../store/sqlite/engine.js';

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

export function accessCommands(program: Command): void {
  const portal = program.command('portal').description('portals: the tenants');
  command(portal, 'create', 'make a portal')
    .requiredOption('--name <name>', 'what people call it')
    .option('--time-zone <zone>', 'IANA zone in which templates print dates', parseTimeZone)
    .option('--lenient', 'create records that events name and that do not exist')
    .option('--no-associate-by-domain', "leave a new contact without the company of its e-mail's domain")
    .action((options: Common & NewPortal) =>
      withStore(options, async (store) => {
        const { name, timeZone, lenient = false, associateByDomain } = options;
        const id = await store.createPortal({
          name,
          lenient,
          ...(timeZone ? { timeZone } : {}),
          ...(associateByDomain ? {} : { associateByDomain: false }),
        });
        return { portalId: String(id) };
      }),
    );
  command(portal, 'list', 'list the portals').action((options: Common) =>
    withStore(options, async (store) => ({
      portals: store.portals().map(({ id, ...rest }) => ({ portalId: String(id), ...rest })),
    })),
  );

  const app = program.command('app').description("apps: the integrators', each with templates of its own");
  command(app, 'create', 'make an app; its secrets are shown this once')
    .requiredOption('--name <name>', 'what people call it')
    .option('--redirect-uri <uri...>', 'where OAuth may send people back to', [])
    .addOption(scopeOption('what it may ask a portal for'))
    .action((options: Common & { name: string; redirectUri: string[]; scope: string[] }) =>
      withStore(options, async (store) => {
        for (const uri of options.redirectUri) {
          const fault = redirectUriFault(uri);
          if (fault) fail(`--redirect-uri ${uri.slice(0, 80)}: ${fault}.`);
        }
        const secrets = {
          clientId: newClientId(),
          clientSecret: newSecret('secret'),
          developerKey: newSecret('key'),
        };
        const id = await store.createApp({
          name: options.name,
          clientId: secrets.clientId,
          clientSecretHash: digest(secrets.clientSecret),
          developerKeyHash: digest(secrets.developerKey),
          redirectUris: options.redirectUri,
          scopes: options.scope,
        });
        return { appId: String(id), ...secrets };
      }),
    );
  command(app, 'list', 'list the apps').action((options: Common) =>
    withStore(options, async (store) => ({
      apps: store.apps().map(({ id, ...rest }) => ({ appId: String(id), ...rest })),
    })),
  );

  const token = program.command('token').description('access tokens');
  command(token, 'create', 'install an app in a portal and make a token for it, shown this once')
    .requiredOption('--portal <id>', "the portal's id")
    .requiredOption('--app <id>', "the app's id")
    .addOption(scopeOption('what the token may do'))
    .action((options: Common & { portal: string; app: string; scope: string[] }) =>
      withStore(options, async (store) => {
        const [portalId, appId] = [Number(options.portal), Number(options.app)];
        if (!store.portal(portalId))
          fail(`There is no portal ${options.portal}; 'throughline portal list' shows them.`);
        const known =
          store.app(appId) ?? fail(`There is no app ${options.app}; 'throughline app list' shows them.`);
        const foreign = options.scope.filter((scope) => !known.scopes.includes(scope));
        if (foreign.length > 0)
          fail(
            `App ${appId} may not ask for ${foreign.join(', ')}; it was created with: ${known.scopes.join(', ') || 'none'}.`,
          );
        const accessToken = newSecret('token');
        await store.createToken({ hash: digest(accessToken), portalId, appId, scopes: options.scope });
        return { accessToken };
      }),
    );
  command(token, 'list', 'list the tokens; the secrets themselves are not kept').action((options: Common) =>
    withStore(options, async (store) => ({
      tokens: store.tokens().map(({ portalId, appId, scopes, createdAt }) => ({
        portalId: String(portalId),
        appId: String(appId),
        scopes,
        createdAt: new Date(createdAt).toISOString(),
      })),
    })),
  );
}

export function command(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).addOption(dataOption()).addOption(jsonOption());
}

function scopeOption(description: string): Option {
  return new Option(
    '--scope <scope...>',
    `${description}; several are separated by spaces`,
  ).makeOptionMandatory();
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
  if (rows.length === 0) return `no ${name} yet\n`;
  return rows
    .map(
      (row) =>
        `${Object.entries(row)
          .map(([key, value]) => `${key}: ${value}`)
          .join('  ')}\n`,
    )
    .join('');
}

class UserError extends Error {}

export function fail(message: string): never {
  throw new UserError(message);
}
