// Passwords of people: kept as what scrypt makes of them with a salt, and checked in the same time whether or not
// anybody has the e-mail. It costs memory and time on purpose, so that few run at once.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Refusal } from '../refusal.js';

const derive = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

/** OWASP's choice of cost: 64 MiB, about 0.2 s. */
const COST = { N: 2 ** 16, r: 8, p: 1 };
const MAX_COST_BYTES = 160 * 1024 * 1024;
const KEY_BYTES = 32;
const MAX_AT_ONCE = 2;
const MAX_WAITING = 20;

export const MIN_PASSWORD_LENGTH = 12;
const MAX_PASSWORD_LENGTH = 500;

/** What is wrong with a new password. */
export function passwordFault(password: string): string | undefined {
  if (password.length < MIN_PASSWORD_LENGTH)
    return `it has ${password.length} characters; choose one of ${MIN_PASSWORD_LENGTH} or more`;
  if (password.length > MAX_PASSWORD_LENGTH)
    return `it has ${password.length} characters; at most ${MAX_PASSWORD_LENGTH} are taken`;
  return undefined;
}

/** `scrypt$N$r$p$salt$key`, so that the cost can be raised one day. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await inTurn(() => scryptOf(password, salt, COST));
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Against nobody's password (`undefined`) it takes as long, and fails. */
export async function isPassword(password: string, hashed: string | undefined): Promise<boolean> {
  if (password.length > MAX_PASSWORD_LENGTH) return false;
  const [, N, r, p, salt, key] = (hashed ?? NOBODYS).split('$');
  const expected = Buffer.from(String(key), 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const given = await inTurn(() => scryptOf(password, Buffer.from(String(salt), 'base64url'), cost));
  return timingSafeEqual(given, expected) && hashed !== undefined;
}

const NOBODYS = [
  'scrypt',
  COST.N,
  COST.r,
  COST.p,
  'AAAA',
  Buffer.alloc(KEY_BYTES).toString('base64url'),
].join('$');

function scryptOf(password: string, salt: Uint8Array, cost: typeof COST): Promise<Buffer> {
  return derive(password.normalize('NFKC'), salt, KEY_BYTES, { ...cost, maxmem: MAX_COST_BYTES });
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MAX_AT_ONCE) {
    if (waiting.length >= MAX_WAITING)
      throw new Refusal('overloaded', 'too many people are signing in just now; try again shortly');
    await new Promise<void>((go) => waiting.push(go)); // whoever ends hands its place over
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
