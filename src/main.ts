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

try {
  await program.parseAsync();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  process.stderr.write(
    code === 'EADDRINUSE'
      ? `${message}. Stop what listens there, or choose another --port (0 takes a free one).\n`
      : `${message}\n`,
  );
  process.exit(1);
}
