// Web addresses as strangers write them.

/** Names of hosts have 253 characters; a user and a port may stand beside them. */
const MAX_HOST_CHARS = 300;
/** What may be the host: the scheme, as far as the first slash, or what comes after that. */
const LONG_HOST = new RegExp(`^(?:[^\\\\/?#]*[\\\\/]+)?[^\\\\/?#]{${MAX_HOST_CHARS + 1}}`);

/**
 * Whether it is an address. To read a host takes time by the square of its length, where it is not ASCII: what is
 * longer than any host is none.
 */
export function isAddress(text: string): boolean {
  return !LONG_HOST.test(text) && URL.canParse(text);
}

export function addressOf(text: string): URL | undefined {
  return isAddress(text) ? new URL(text) : undefined;
}
