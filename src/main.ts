#!/usr/bin/env node
// The command line. What goes wrong is told in a sentence, not in a stack trace.
import { Command } from 'commander';
import { accessCommands } from './commands/access.js';
import { devCommand } from './commands/dev.js';
import { importCommand } from './commands/import.js';
import { serveCommand } from './commands/serve.js';
import { userCommands } from './commands/user.js';

const program = new Command('throughline').description(
  "A self-hosted timeline events server that speaks HubSpot's Timeline Events API v3.",
);
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

function tell({ code, message }: NodeJS.ErrnoException): void {
  process.stderr.write(
    code === 'EADDRINUSE'
      ? `${message}. Stop what listens there, or choose another --port (0 takes a free one).\n`
      : `${message}\n`,
  );
}
