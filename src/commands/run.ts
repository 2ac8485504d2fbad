// Runs a server until it is told to stop: what `dev` and `serve` share.
import { dataFolder, type Settings } from '../config.js';
import type { ServerOptions } from '../server.js';

/** How a start is announced: as one line of JSON, or as text. */
export interface Announcement {
  json: Readonly<Record<string, string>>;
  text: string;
}

/** A terminal's Ctrl-C may come twice: from the terminal itself, and passed on by npm. */
const ASKED_ONCE_MS = 1_000;

export async function run(
  settings: Settings,
  mode: Partial<ServerOptions>,
  announce: (baseUrl: string, listening: string) => Announcement,
): Promise<void> {
  const { folder, discard } = dataFolder(settings);
  process.once('exit', discard);
  // Loaded here: the commands that start no server are quick without it.
  const starting = import('../server.js').then(({ startServer }) =>
    startServer({ ...settings, folder, ...mode }),
  );
  let askedAt: number | undefined;
  const stop = () => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > ASKED_ONCE_MS) process.exit(1); // asked once more: at once
      return;
    }
    askedAt = performance.now();
    starting
      .then((server) => server.close())
      .then(
        () => process.exit(0),
        (error) => {
          process.stderr.write(`${error}\n`);
          process.exit(1);
        },
      );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
  const { baseUrl, listening } = await starting;
  const { json, text } = announce(baseUrl, listening);
  process.stdout.write(settings.json ? `${JSON.stringify({ ...json, listeningUrl: listening })}\n` : text);
}
