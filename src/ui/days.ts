// Days as they are in a time zone: a timeline is grouped by them, and can be read from the end of one.
import { isDay, parseMoment } from '../records/moment.js';

const DAY_MS = 86_400_000;

/** Names the day of a moment (epoch ms): yyyy-mm-dd. */
export function daysIn(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeZone });
  return (at) => format.format(at).padStart(10, '0');
}

/** The first moment after a day, which may have 23 or 25 hours; undefined where the text names none. */
export function endOfDay(day: string, timeZone: string): number | undefined {
  const utc = isDay(day) ? parseMoment(day) : undefined;
  if (utc === undefined) return undefined;
  const dayOf = daysIn(timeZone);
  // No zone is a whole day from UTC.
  let [before, after] = [utc - DAY_MS, utc + 2 * DAY_MS];
  while (after - before > 1) {
    const between = Math.floor((before + after) / 2);
    if (dayOf(between) <= day) before = between;
    else after = between;
  }
  return after;
}
