// `throughline dev`: everything ready, nothing to configure, on this machine only.
import { type Command, Option } from 'commander';
import { isLoopback, type Settings, withServerOptions } from '../config.js';
import { DEMO_CREDENTIALS, demo } from '../demo.js';
import { run } from './run.js';

/** HubSpot's own example. */
const EXAMPLE = {
  eventTemplateId: String(demo.templateId),
  email: 'art3mis-pup@petspot.com',
  tokens: { petName: 'Art3mis', petAge: 3, petColor: 'black' },
  extraData: {
    questions: [
      { question: "Who's a good girl?", answer: 'Bark!' },
      { question: 'Do you wanna go on a walk?', answer: 'Woof!' },
    ],
  },
  timelineIFrame: {
    linkLabel: 'View Art3mis',
    headerLabel: 'Art3mis dog',
    url: 'https://my.petspot.com/pets/Art3mis',
    width: 600,
    height: 400,
  },
};

export function devCommand(program: Command): void {
  withServerOptions(program.command('dev'))
    .description('start with a demo portal, app, template and token: for development, on this machine only')
    .addOption(
      new Option(
        '--demo-token <token>',
        "the demo's access token, and the pages' password on other hosts",
      ).env('THROUGHLINE_DEMO_TOKEN'),
    )
    .action(async (settings: Settings & { demoToken?: string }, command: Command) => {
      const local = isLoopback(settings.host);
      if (!local && !settings.demoToken)
        command.error(
          `error: ${settings.host} is reachable from other machines and the demo's token is well known: choose one with --demo-token, or use 'throughline serve'`,
        );
      const credentials = settings.demoToken
        ? { token: settings.demoToken, developerKey: `${settings.demoToken}-developer-key` }
        : DEMO_CREDENTIALS;
      await run(
        settings,
        {
          demo: credentials,
          loopbackOnly: local,
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
  Event template  ${demo.templateId}

Send an event:

curl -X POST ${baseUrl}/integrators/timeline/v3/events \\
  -H 'Authorization: Bearer ${credentials.token}' \\
  -H 'Content-Type: application/json' \\
  --data-binary @- <<'EOF'
${JSON.stringify(EXAMPLE, null, 2)}
EOF

Ctrl-C stops it.
`,
        }),
      );
    });
}
