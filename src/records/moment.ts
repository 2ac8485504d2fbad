// Moments as HubSpot's API takes them: ISO 8601 or epoch milliseconds, within the years 0001 to 9999.

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?$/i;
const EPOCH_MS = /^-?\d{1,15}$/;
const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Epoch ms of an ISO 8601 text (no zone means UTC) or of epoch ms as text or number; undefined where it is neither. */
export function parseMoment(value: string | number): number | undefined {
  const ms = typeof value === 'number' ? value : EPOCH_MS.test(value) ? Number(value) : parseIso(value);
  return ms !== undefined && Number.isInteger(ms) && ms >= EARLIEST && ms <= LATEST ? ms : undefined;
}

/** Whether a text is a day without a time: in a zone west of Greenwich its first moment is of the day before. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

export const MOMENT_HINT = 'send ISO 8601 such as 2020-01-30T17:42:10.276Z, or epoch milliseconds';

function parseIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const date = `${year}-${month}-${day}`;
  const wall = `${date}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}`;
  const utc = Date.parse(`${wall}Z`);
  // Date.parse takes 30 February for 1 March: the day must come back as it went in.
  if (Number.isNaN(utc) || !new Date(`${date}T00:00Z`).toISOString().startsWith(date)) return undefined;
  if (zone.toUpperCase() === 'Z') return utc;
  const digits = zone.slice(1).replace(':', '');
  const offset = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return utc - (zone[0] === '-' ? -offset : offset) * 60_000;
}
