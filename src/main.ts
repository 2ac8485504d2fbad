#!/usr/bin/env node
// The command line. What goes wrong is told in a sentence, not in a stack trace.
import { Command } from 'commander';
import { accessCommands } from './commands/access.js';
import { devCommand } from './commands/dev.js';
import { importCommand } from './commands/import.js';
import { serveCommand } from './commands/serve.js';
import { userCommands } from './commands/user.js';
import { VERSION } from './version.js';

/** What to do where a server cannot listen. */
const WAYS_OUT: Record<string, string> = {
  EADDRINUSE: 'Stop what listens there, or choose another --port (0 takes a free one).',
  EADDRNOTAVAIL: 'This machine has no such address: choose another --host (0.0.0.0 is all that it has).',
  ENOTFOUND: 'Nobody knows this name: choose another --host (0.0.0.0 is all that this machine has).',
  EACCES: 'Ports below 1024 are often for root alone: choose another --port (0 takes a free one).',
};

const program = new Command('throughline')
  .description("A self-hosted timeline events server that speaks HubSpot's Timeline Events API v3.")
  .version(VERSION, '--version', 'print which one this is')
  .showHelpAfterError('--help tells what there is.');
devCommand(program);
serveCommand(program);
accessCommands(program);
userCommands(program);
importCommand(program);

// Who reads no more, as `head` does, ends nothing that is under way.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  tell(error);
  process.exitCode = 1;
});
process.stderr.on('error', () => undefined); // nobody is left to be told

try {
  await program.parseAsync();
} catch (error) {
  tell(error as Error);
  process.exit(1);
}

function tell({ code = '', syscall, message }: NodeJS.ErrnoException): void {
  const out = /^(?:listen|getaddrinfo)$/.test(syscall ?? '') ? WAYS_OUT[code] : undefined;
  process.stderr.write(out ? `${message}. ${out}\n` : `${message}\n`);
}
