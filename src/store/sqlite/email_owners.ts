// Whose an e-mail is, for those who read: what the index holds is found there; of the rest the writer knows (keys.ts), and
// is asked at once for all that are looked for together.
//
// Promises: a contact that was there before is found. Who asks the writer waits for the one commit or sweep that it is at,
// but for no lock; and where too many wait, look-ups are refused, never writes.
import { setImmediate } from 'node:timers/promises';
import { emailKey } from '../../records/identity.js';
import { Refusal } from '../../refusal.js';

const MAX_WAITING_EMAILS = 20_000;

export type Email = readonly [portalId: number, key: string];
type Owners = readonly (number | undefined)[];

export function emailOwners(
  inIndex: (...email: Email) => number | undefined,
  askWriter: (emails: readonly Email[]) => Promise<Owners>,
) {
  let waiting = 0;
  let next: { emails: Email[]; owners: Promise<Owners> } | undefined; // asked for once the caller is done
  let last: Promise<unknown> = Promise.resolve();

  function begin() {
    const emails: Email[] = [];
    const ask = async () => {
      next = undefined;
      try {
        return await askWriter(emails);
      } finally {
        waiting -= emails.length;
      }
    };
    const owners = Promise.resolve().then(ask);
    last = owners.catch(() => undefined);
    return { emails, owners };
  }

  async function fromWriter(...email: Email): Promise<number | undefined> {
    if (waiting >= MAX_WAITING_EMAILS)
      throw new Refusal('overloaded', `${waiting} e-mails are waiting to be looked up; try again shortly`);
    waiting++;
    next ??= begin();
    const nth = next.emails.push(email) - 1;
    return (await next.owners)[nth];
  }

  return {
    /** The contact of each, undefined where nobody has it. */
    of: (portalId: number, emails: readonly string[]): Promise<Owners> =>
      Promise.all(
        emails.map(async (email) => {
          const key = emailKey(email);
          return inIndex(portalId, key) ?? fromWriter(portalId, key);
        }),
      ),
    /** Once the writer has answered, and those who asked have gone on. */
    async settled(): Promise<void> {
      await last;
      await setImmediate();
    },
  };
}
