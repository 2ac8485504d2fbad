// An event on a timeline. Its header and detail come as safe HTML; all else is escaped by React.
import type { ReactNode } from 'react';
import { isDay, parseMoment } from '../records/moment.js';
import type { CrmRecord } from '../records/record.js';
import type { EventBody } from '../timeline/present.js';
import type { Template } from '../timeline/template.js';
import type { TimelineEntry } from '../wire/timelines.js';
import { address, clock, iso, MAX_NAME_CHARS, Moment, nameOf, pathOf, short } from './names.js';
import type { View } from './view.js';
import type { Words } from './words.js';

/** An event, and whose it is, where that goes without saying elsewhere. */
export type Entry = TimelineEntry & { whose?: CrmRecord };

/** A detail, or tokens, up to this length stand open; what is longer folds, and so does a header. */
const OPEN_CHARS = 2_000;

export function Event({ view, entry, index }: { view: View; entry: Entry; index: number }) {
  const { words } = view.language;
  const { event, body, template, header, detail, whose } = entry;
  const label = template?.name ?? String(event.templateId);
  const isTitle = header.length <= OPEN_CHARS;
  const opened = isTitle ? detail : header + detail;
  const rendersNothing = header === '' && detail === '';
  const tokens = rendersNothing && template ? Object.entries(body.tokens) : [];
  const chars = tokens.reduce((sum, [name, value]) => sum + name.length + value.length, opened.length);
  return (
    <article className="event" aria-labelledby={`event-${index}`}>
      <time className="at" dateTime={iso(event.timestamp)}>
        {clock(view).format(event.timestamp)}
      </time>
      <div className="card">
        <Title id={`event-${index}`} html={isTitle ? header : ''} label={label}>
          {whose && (
            <p className="whose">
              <a href={address(view, pathOf(whose))}>{nameOf(whose, view)}</a>
            </p>
          )}
        </Title>
        {chars > 0 && (
          <details open={chars <= OPEN_CHARS}>
            <summary aria-describedby={`event-${index}`}>{words.details}</summary>
            {template && tokens.length > 0 ? (
              <Tokens view={view} template={template} tokens={tokens} />
            ) : (
              <Html className="rendered" html={withHeadingsFrom(5, opened)} />
            )}
          </details>
        )}
        <Window index={index} iframe={body.timelineIFrame} words={words} />
        <p className="event-id">
          {words.eventId} <span translate="no">{event.id}</span>
          <br />
          {words.why[event.identifiedBy]} <Moment view={view} at={event.receivedAt} />
        </p>
      </div>
    </article>
  );
}

/**
 * The header as a heading, and over it the template's name; where it is more than a line of text, or has no words, a
 * heading could not hold it: unless it brings its own, the name is the heading then.
 */
function Title({
  id,
  html,
  label,
  children,
}: {
  id: string;
  html: string;
  label: string;
  children?: ReactNode;
}) {
  const line = /^<p>(.*)<\/p>$/s.exec(html)?.[1];
  const isLine = line !== undefined && !line.includes('</p>') && /\S/.test(line.replace(/<[^>]*>/g, ''));
  const isHeading = isLine || /<h[1-6]>/.test(html);
  return (
    <>
      {isHeading ? (
        <p className="label" dir="auto">
          {label}
        </p>
      ) : (
        <h4 id={id} className={html === '' ? 'title' : 'label'} dir="auto">
          {label}
        </h4>
      )}
      {children}
      {isLine ? (
        <h4
          id={id}
          className="title"
          dir="auto"
          // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised by the renderer
          dangerouslySetInnerHTML={{ __html: line }}
        />
      ) : (
        html !== '' && (
          <Html {...(isHeading ? { id } : {})} className="title rendered" html={withHeadingsFrom(4, html)} />
        )
      )}
    </>
  );
}

/** Tables may scroll: not every browser lets the keyboard into what scrolls. */
function Html({ id, className, html }: { id?: string; className: string; html: string }) {
  return (
    <div
      id={id}
      className={className}
      dir="auto"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised by the renderer
      dangerouslySetInnerHTML={{ __html: html.replaceAll('<table>', '<table tabindex=0>') }}
    />
  );
}

function Tokens({
  view,
  template,
  tokens,
}: {
  view: View;
  template: Template;
  tokens: [name: string, value: string][];
}) {
  const labels = new Map(template.tokens.map((token) => [token.name, token]));
  return (
    <dl className="tokens">
      {tokens.map(([name, value]) => {
        const token = labels.get(name);
        const moment = token?.type === 'date' && !isDay(value) ? parseMoment(value) : undefined;
        const text = token?.options.find((option) => option.value === value)?.label || value;
        return (
          <div key={name}>
            <dt>{token?.label || name}</dt>
            <dd>
              {moment === undefined ? short(text, view.language.words) : <Moment view={view} at={moment} />}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/**
 * The event's own window: a button that opens it here, and a link for who would rather have a tab. As a modal dialog it
 * keeps the focus until it closes and then gives it back; browsers that know no commands have it as a popover.
 */
function Window({
  index,
  iframe,
  words,
}: {
  index: number;
  iframe: EventBody['timelineIFrame'];
  words: Words;
}) {
  if (!iframe || !/^https?:\/\//i.test(iframe.url)) return null;
  const { url, width, height } = iframe;
  const linkLabel = short(iframe.linkLabel, words, MAX_NAME_CHARS);
  const title = short(iframe.headerLabel, words, MAX_NAME_CHARS) || linkLabel || words.open;
  const id = `window-${index}`;
  const toWindow = (command: 'show-modal' | 'close') => ({ command, commandfor: id, popoverTarget: id });
  return (
    <div className="opens">
      <button type="button" className="button" {...toWindow('show-modal')}>
        {linkLabel || words.open}
      </button>
      <a href={url} target="_blank" rel="noopener noreferrer" aria-describedby={`event-${index}`}>
        {words.newTab}
      </a>
      <dialog id={id} className="window" popover="auto" closedby="any" aria-labelledby={`${id}-title`}>
        <div className="bar">
          <h5 id={`${id}-title`}>{title}</h5>
          <button type="button" className="button" {...toWindow('close')}>
            {words.close}
          </button>
        </div>
        <iframe
          title={title}
          src={url}
          width={width}
          height={height}
          loading="lazy"
          sandbox="allow-scripts allow-forms allow-popups allow-same-origin"
          referrerPolicy="no-referrer"
        />
      </dialog>
    </div>
  );
}

/** Safe HTML whose headings, whatever the template chose, continue the page's: none skips a level. */
function withHeadingsFrom(level: number, html: string): string {
  const open: number[] = [];
  return html.replace(/<(\/?)h([1-6])>/g, (_, slash: string, digit: string) => {
    if (slash === '') {
      while ((open.at(-1) ?? 0) >= Number(digit)) open.pop();
      open.push(Number(digit));
    }
    return `<${slash}h${Math.min(level + open.length - 1, 6)}>`;
  });
}
