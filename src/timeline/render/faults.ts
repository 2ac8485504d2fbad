// The two ways a template fails: when it is written (for its author, with a place) and when an event is shown (for
// whoever looks, with a sentence). Both messages are plain text; whoever shows them escapes them.

/** A template that does not parse: where and why, to be shown to the person who wrote it. Line and column count from 1. */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError';
  constructor(
    readonly line: number,
    readonly column: number,
    readonly reason: string,
  ) {
    super(`Line ${line}, column ${column}: ${reason}`);
  }
}

/** Rendering that stopped, and why. It becomes a visible notice, never an error of the request. */
export class RenderFault extends Error {
  override readonly name = 'RenderFault';
}
