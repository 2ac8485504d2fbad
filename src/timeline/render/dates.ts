// What {{formatDate}} prints: US English as HubSpot prints it, in the portal's time zone.
// Formatters are dear to make, so a bounded number of them is kept.
import { RenderFault } from './faults.js';

export const DATE_STYLES = ['short', 'medium', 'long', 'full'] as const;
type DateStyle = (typeof DATE_STYLES)[number];

const MAX_FORMATTERS = 256;
const formatters = new Map<string, Intl.DateTimeFormat>();

export function isDateStyle(style: unknown): style is DateStyle {
  return DATE_STYLES.includes(style as DateStyle);
}

/** `moment` is epoch ms. Without a zone it is a day, printed alone: a day is the same one everywhere. */
export function formatDate(moment: number, style: DateStyle, timeZone?: string): string {
  // ICU puts a narrow no-break space before AM and PM; HubSpot's output has an ordinary one.
  return formatter(style, timeZone).format(moment).replaceAll('\u202f', ' ');
}

function formatter(style: DateStyle, timeZone: string | undefined): Intl.DateTimeFormat {
  const key = `${style} ${timeZone}`;
  const kept = formatters.get(key);
  if (kept) return kept;
  if (formatters.size >= MAX_FORMATTERS) formatters.clear();
  const made = makeFormatter(style, timeZone);
  formatters.set(key, made);
  return made;
}

function makeFormatter(style: DateStyle, timeZone: string | undefined): Intl.DateTimeFormat {
  if (timeZone === undefined) return new Intl.DateTimeFormat('en-US', { dateStyle: style, timeZone: 'UTC' });
  try {
    return new Intl.DateTimeFormat('en-US', { dateStyle: style, timeStyle: style, timeZone });
  } catch {
    throw new RenderFault(`the time zone “${timeZone}” is not known`);
  }
}
