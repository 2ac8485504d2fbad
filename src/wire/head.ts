// The head of a request, read from the bytes of a connection. Strict: a head in any form but the plain one that all
// parsers read alike is none of ours, and left to Node's parser.
import { maxHeaderSize } from 'node:http';

/** What is asked, as far as it matters here. */
export interface Head {
  method: string;
  url: string;
  fields: Fields;
  /** With the empty line. */
  bytes: number;
}

/** Of the header's fields those that say how a request is to be read, and by whom it is sent. */
export interface Fields {
  host: string | undefined;
  authorization: string | undefined;
  contentType: string;
  isPacked: boolean;
  /** Of the body; undefined: none is sent. */
  contentLength: number | undefined;
  /** Whether the connection is to end with the answer. */
  isLast: boolean;
}

const END = Buffer.from('\r\n\r\n');
/** Origin form. CONNECT and `*` are not. */
const REQUEST_LINE = /^([A-Z]{3,10}) (\/[\x21-\x7e]*) HTTP\/1\.1$/;
/** RFC 9112, 5: no folded lines, no space before the colon, no controls but the tab. One space at most before the value
 * and none after it, so that each character is looked at once: thousands of them would be parted in as many ways. */
const FIELD =
  /([\w!#$%&'*+.^`|~-]+): ?([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?\r\n/y;

/** Reads heads of one connection, where most have the same fields. Answers undefined for what is left to Node. */
export function headReader(): (sent: Buffer) => Head | undefined {
  let written = '';
  let read: Fields | undefined;
  return (sent) => {
    const end = sent.indexOf(END);
    if (end === -1 || end > maxHeaderSize) return undefined;
    const text = sent.toString('latin1', 0, end + 2);
    const lineEnd = text.indexOf('\r\n');
    const [, method, url] = REQUEST_LINE.exec(text.slice(0, lineEnd)) ?? [];
    if (method === undefined || url === undefined) return undefined;
    const fields = text.slice(lineEnd + 2);
    if (fields !== written) {
      written = fields;
      read = fieldsOf(fields);
    }
    return read && { method, url, fields: read, bytes: end + END.length };
  };
}

const OURS = new Set([
  'host',
  'authorization',
  'content-type',
  'content-encoding',
  'content-length',
  'connection',
]);
/** With these a request has another end, or asks for more. Node reads proxy-connection as connection. */
const NODES = new Set(['transfer-encoding', 'trailer', 'expect', 'upgrade', 'proxy-connection']);

function fieldsOf(text: string): Fields | undefined {
  const values = new Map<string, string>();
  for (FIELD.lastIndex = 0; FIELD.lastIndex < text.length; ) {
    const found = FIELD.exec(text);
    if (!found) return undefined;
    const [, written = '', value = ''] = found;
    const name = written.toLowerCase();
    if (NODES.has(name) || values.has(name)) return undefined;
    if (OURS.has(name)) values.set(name, value);
  }
  const length = values.get('content-length');
  const connection = values.get('connection')?.toLowerCase() ?? 'keep-alive';
  if (length !== undefined && !/^\d{1,9}$/.test(length)) return undefined;
  if (connection !== 'keep-alive' && connection !== 'close') return undefined;
  return {
    host: values.get('host'),
    authorization: values.get('authorization'),
    contentType: values.get('content-type') ?? '',
    isPacked: values.has('content-encoding'),
    contentLength: length === undefined ? undefined : Number(length),
    isLast: connection === 'close',
  };
}
