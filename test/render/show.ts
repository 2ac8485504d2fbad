// Renders for the tests: one event with defaults, and ways to look at the HTML that do not depend on its bytes.
import { compile, type RenderScope, render } from '../../src/timeline/render/render.js';

const EVENT_TIME = Date.parse('2020-01-30T18:13:25.665Z');

export function show(
  template: string,
  tokens: Record<string, string> = {},
  rest: Partial<RenderScope & { timeZone: string }> = {},
): string {
  const { timeZone = 'America/New_York', ...scope } = rest;
  const event = { id: 'petspot:1', objectType: 'contacts', timestamp: EVENT_TIME, ...scope };
  return render(compile(template), { tokens, ...event }, { timeZone });
}

/** The text of a one-paragraph rendering. */
export function text(template: string, extraData?: unknown, tokens: Record<string, string> = {}): string {
  return textOf(show(template, tokens, { extraData }));
}

export function textOf(html: string): string {
  return html
    .replaceAll('<br />', '\n')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&');
}

/** The elements and where links lead (as far as their host), without line breaks. */
export function structureOf(html: string): string[] {
  const tags = html.match(/<[^>]*>/g) ?? [];
  return tags
    .filter((tag) => tag !== '<br />')
    .map((tag) => tag.replace(/href="([^"]*)"/, (_, href: string) => `href=${originOf(href)}`));
}

export function hrefsOf(html: string): string[] {
  return [...html.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'));
}

function originOf(href: string): string {
  const { protocol, host } = new URL(href.replaceAll('&amp;', '&'));
  return `${protocol}//${host}`;
}
