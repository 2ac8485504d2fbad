// `throughline dev`: everything ready, nothing to configure, on this machine only.
import { type Command, Option } from 'commander';
import { newSecret } from '../access/credentials.js';
import { flag, isLoopback, type Settings, withServerOptions } from '../config.js';
import { EVENT } from '../wire/examples.js';
import { run } from './run.js';

export function devCommand(program: Command): void {
  withServerOptions(program.command('dev'))
    .description('start with a demo portal, app, template and token: for development, on this machine only')
    .addOption(
      new Option(
        '--demo-token <token>',
        "the demo's access token, and the pages' password on other hosts",
      ).env('THROUGHLINE_DEMO_TOKEN'),
    )
    .addOption(
      flag('--auto-consent', 'let every app in without asking, for tests', 'THROUGHLINE_AUTO_CONSENT'),
    )
    .action(async (settings: Settings & { demoToken?: string; autoConsent?: boolean }, command: Command) => {
      const { host, publicUrl } = settings;
      const local = isLoopback(host) && (publicUrl === undefined || isLoopback(new URL(publicUrl).hostname));
      if (!local && !settings.demoToken)
        command.error(
          `error: ${isLoopback(host) ? publicUrl : host} is reachable from other machines and the demo's token is well known: choose one with --demo-token, or use 'throughline serve'`,
        );
      const { DEMO_CREDENTIALS, demo } = await import('../demo.js');
      const credentials = settings.demoToken
        ? {
            token: settings.demoToken,
            // Whoever has the token must not be able to guess the others.
            developerKey: newSecret('key'),
            clientSecret: newSecret('secret'),
            adminKey: newSecret('admin'),
          }
        : DEMO_CREDENTIALS;
      await run(
        settings,
        {
          demo: credentials,
          loopbackOnly: local,
          autoConsent: settings.autoConsent ?? false,
          ...(local ? {} : { pagePassword: credentials.token }),
        },
        (baseUrl) => ({
          json: {
            baseUrl,
            pageUrl: `${baseUrl}/`,
            referenceUrl: `${baseUrl}/docs`,
            portalId: String(demo.portalId),
            appId: String(demo.appId),
            accessToken: credentials.token,
            developerKey: credentials.developerKey,
            clientId: demo.clientId,
            clientSecret: credentials.clientSecret,
            adminKey: credentials.adminKey,
            eventTemplateId: String(demo.templateId),
          },
          text: `
Throughline is ready.

  Base URL        ${baseUrl}
  Timeline page   ${baseUrl}/
  API reference   ${baseUrl}/docs
  Portal          ${demo.portalId}
  App             ${demo.appId}
  Access token    ${credentials.token}
  Developer key   ${credentials.developerKey}
  Client id       ${demo.clientId}
  Client secret   ${credentials.clientSecret}
  Admin key       ${credentials.adminKey}
  Event template  ${demo.templateId}

Send an event:

curl -X POST ${baseUrl}/integrators/timeline/v3/events \\
  -H 'Authorization: Bearer ${credentials.token}' \\
  -H 'Content-Type: application/json' \\
  --data-binary @- <<'EOF'
${JSON.stringify(EVENT, null, 2)}
EOF

Ctrl-C stops it.
`,
        }),
      );
    });
}
