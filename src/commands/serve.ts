// `throughline serve`: the real mode. Nothing is ready-made; portals, apps, tokens and users come from the commands.
import type { Command } from 'commander';
import { type Settings, withServerOptions } from '../config.js';
import { run } from './run.js';

export function serveCommand(program: Command): void {
  withServerOptions(program.command('serve'))
    .description('start the server with what the data folder holds')
    .action((settings: Settings) =>
      run(settings, {}, (baseUrl, listening) => ({
        json: { baseUrl, pageUrl: `${baseUrl}/`, referenceUrl: `${baseUrl}/docs` },
        text: `Throughline serves ${baseUrl} (API reference: ${baseUrl}/docs)${baseUrl === listening ? '' : `, listening on ${listening}`}\n`,
      })),
    );
}
