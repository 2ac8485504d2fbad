// The connections of the server, before Node's HTTP. A request that the lane wants, in the plain form and in one or two
// pieces, goes to it as bytes and is answered by one write: Node's streams for a request and an answer cost as much as
// all else that is done for an event. Every other request goes to Node's HTTP, byte for byte; so does what comes after
// a request whose end is not plain to see. On one connection, answers keep the order of their requests.
import { type RequestListener, Server, type ServerOptions, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Head, headReader } from './head.js';
import { isAnswered } from './in_turn.js';

/** Answers what was asked, once. `headers` are lines, each with its end; length, date and connection are added. */
export type Answer = (status: number, headers: string, body: string) => void;
/** Does what is asked, with its whole body. */
type Taken = (body: Buffer, answer: Answer) => void;
/** Says of a request whether it is wanted, before its body has come. */
export type Lane = (head: Head) => Taken | undefined;

interface FrontOptions extends ServerOptions {
  /** In ms. */
  keepAliveTimeout: number;
  lane: Lane;
  /** Once the server is to stop, connections end with the answers to what has come over them. */
  isClosing: () => boolean;
}

type Setting = Pick<FrontOptions, 'keepAliveTimeout' | 'lane' | 'isClosing'> & {
  toNode: (socket: Socket) => void;
};

/** A connection is kept, in ms, so much longer than is told, as Node does: whoever goes by it may ask at its end. */
const LONGER_MS = 1_000;
/** So long, in ms, the rest of a request is waited for here; then Node's timeouts hold. */
const REST_MS = 1_000;

export class Front extends Server {
  readonly #callers = new Set<Caller>();

  constructor({ lane, isClosing, ...options }: FrontOptions, others: RequestListener) {
    super(options, others);
    // By this event, as Node documents, its HTTP takes over connections at any time: here when it is needed.
    const [toNode] = this.listeners('connection') as ((socket: Socket) => void)[];
    const { keepAliveTimeout } = options;
    const setting = {
      keepAliveTimeout,
      lane,
      isClosing,
      toNode: (socket: Socket) => toNode?.call(this, socket),
    };
    this.removeAllListeners('connection').on('connection', (socket: Socket) => {
      const caller = new Caller(socket, setting);
      this.#callers.add(caller);
      socket.once('close', () => this.#callers.delete(caller));
    });
  }

  override closeIdleConnections(): void {
    const callers = [...this.#callers];
    for (const caller of callers) caller.endIfIdle();
    // Of those that it knows, Node takes for idle whom the lane owes an answer.
    if (!callers.some((caller) => caller.isOwedPastNode)) super.closeIdleConnections();
  }

  override closeAllConnections(): void {
    for (const { socket } of this.#callers) socket.destroy();
    super.closeAllConnections();
  }
}

const EVENTS = ['data', 'end', 'timeout'] as const;
type Hear = (this: Socket, chunk?: Buffer) => void;
/** Who hears what comes over a connection, that it ended, and that nothing comes. */
type Hearing = Record<(typeof EVENTS)[number], Hear>;

class Caller {
  /** The lane owes an answer, or waits with the next until the last one is taken. */
  #isOwed = false;
  readonly #headOf = headReader();
  /** What has come and is neither the lane's nor Node's yet. */
  #held: Buffer | undefined;
  /** The rest of what is held is waited for. */
  #isAwaited = false;
  /** Bytes of a request of Node's that are still to come. */
  #passing = 0;
  /** They have closed their side. */
  #isEnded = false;
  /** Node's, once it was needed. */
  #node: Hearing | undefined;
  readonly #own: Hearing = {
    data: (chunk) => this.#take(chunk as Buffer),
    end: () => this.#end(),
    timeout: () => this.#timeout(),
  };

  constructor(
    readonly socket: Socket,
    private readonly setting: Setting,
  ) {
    socket.setTimeout(setting.keepAliveTimeout + LONGER_MS).on('error', () => socket.destroy());
    for (const event of EVENTS) socket.on(event, this.#own[event]);
  }

  get isOwedPastNode(): boolean {
    return this.#isOwed && this.#node !== undefined;
  }

  /** Before Node ends those that it knows. What has come in part is Node's to wait for. */
  endIfIdle(): void {
    if (this.#isAwaited) this.#next();
    else if (!this.#node && !this.#isOwed) this.socket.destroySoon();
  }

  #take(chunk: Buffer): void {
    this.#held = this.#held ? Buffer.concat([this.#held, chunk]) : chunk;
    if (this.#isOwed) this.socket.pause();
    else this.#next();
  }

  #next(): void {
    const held = this.#held as Buffer;
    const head = this.#passing > 0 ? undefined : this.#headOf(held);
    const bytes = head ? head.bytes + (head.fields.contentLength ?? 0) : this.#passing;
    if (bytes === 0) {
      this.#leave();
      return;
    }
    const taken = head && this.#wanted(head);
    // Many send a head and its body by themselves. What comes in more pieces, and slowly, is Node's.
    if (taken && held.length < bytes && !this.#isAwaited) {
      this.#isAwaited = true;
      this.socket.setTimeout(REST_MS);
      return;
    }
    if (this.#isAwaited) this.socket.setTimeout(this.setting.keepAliveTimeout + LONGER_MS);
    this.#isAwaited = false;
    if (!taken || held.length < bytes) {
      this.#pass(bytes);
      return;
    }
    this.#isOwed = true;
    this.#held = held.length > bytes ? held.subarray(bytes) : undefined;
    if (this.#held) this.socket.pause(); // no more is read ahead of the answers
    taken(held.subarray(head.bytes, bytes), (status, headers, body) =>
      this.#answer(status, headers, body, head.fields.isLast),
    );
  }

  #wanted(head: Head): Taken | undefined {
    const { setting, socket } = this;
    const isOurTurn = !setting.isClosing() && (!this.#node || (isAnswered(socket) && socket.writable));
    return isOurTurn ? setting.lane(head) : undefined;
  }

  /** Gives Node a request of so many bytes, or what has come of it. */
  #pass(bytes: number): void {
    const held = this.#held as Buffer;
    if (held.length > bytes) {
      this.#leave();
      return;
    }
    this.#node ??= this.#connectNode();
    this.#passing = bytes - held.length;
    this.#held = undefined;
    this.#node.data.call(this.socket, held);
  }

  /** Gives Node what is held, and all that will come. */
  #leave(): void {
    const held = this.#held as Buffer;
    this.#held = undefined;
    this.#node ??= this.#connectNode();
    this.#hear(this.#own, this.#node);
    this.#node.data.call(this.socket, held);
  }

  #connectNode(): Hearing {
    const { socket } = this;
    for (const event of EVENTS) socket.off(event, this.#own[event]);
    this.setting.toNode(socket);
    const last = (event: string) => socket.listeners(event).at(-1) as Hear;
    const node = { data: last('data'), end: last('end'), timeout: last('timeout') };
    // Once others hear, Node's parser no longer takes what comes past them: what waits on the socket is before it.
    this.#hear(node, this.#own);
    return node;
  }

  #hear(before: Hearing, now: Hearing): void {
    for (const event of EVENTS) this.socket.off(event, before[event]).on(event, now[event]);
  }

  #answer(status: number, headers: string, body: string, isLast: boolean): void {
    const { socket, setting } = this;
    if (socket.destroyed) return;
    const ends = isLast || (!this.#held && (this.#isEnded || setting.isClosing()));
    const bytes = Buffer.byteLength(body);
    const isTaken = socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}content-length: ${bytes}\r\nDate: ${dateNow()}\r\n` +
        `Connection: ${ends ? 'close' : `keep-alive\r\nKeep-Alive: timeout=${setting.keepAliveTimeout / 1_000}`}\r\n\r\n${body}`,
      bytes === body.length ? 'latin1' : 'utf8', // the former is written without being read before
    );
    if (ends) socket.destroySoon();
    else if (isTaken) this.#goOn();
    else socket.once('drain', () => this.#goOn());
  }

  #goOn(): void {
    if (!this.#held) {
      this.#isOwed = false;
      if (this.#isEnded) this.#end();
      return;
    }
    // After what others have sent meanwhile.
    setImmediate(() => {
      if (this.socket.destroyed) return;
      this.#isOwed = false;
      this.socket.resume();
      this.#next();
      if (this.#isEnded) this.#end();
    });
  }

  #end(): void {
    this.#isEnded = true;
    if (this.#isOwed) return;
    if (this.#isAwaited) this.#next(); // what does not come whole is Node's to refuse
    if (this.#node) this.#node.end.call(this.socket);
    else this.socket.end();
  }

  #timeout(): void {
    if (this.#isAwaited) this.#next();
    else if (this.#isOwed) {
      // What waits to be taken ends by a reset: else the system keeps it. What is worked on has no timeout.
      if (this.socket.writableLength > 0) this.socket.resetAndDestroy();
    } else if (this.#node) this.#node.timeout.call(this.socket);
    else this.socket.destroy();
  }
}

let dated = 0;
let date = '';
function dateNow(): string {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dated) {
    dated = second;
    date = new Date(second * 1_000).toUTCString();
  }
  return date;
}
