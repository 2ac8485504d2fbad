// What a client sends ahead of its answers waits for them. Node hands over all requests that came together: worked on at
// once, a packet of a thousand would hold a thousand answers in memory; and of those whose turn never comes, because the
// connection ends, Node tells no end. What it does not take ends the connection, by the server's timeout.
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Nobody sends so many ahead but to see what happens: the connection ends. */
const MAX_WAITING = 1_000;

/** Of each connection, what is not answered yet, in its order. */
const unanswered = new WeakMap<Socket, Set<ServerResponse>>();

/** Has the requests of one connection answered one after the other. While one is worked on, no timeout holds. */
export function inTurn(listener: RequestListener): RequestListener {
  return (request, response) => {
    const { socket } = request;
    const all = unanswered.get(socket) ?? new Set();
    if (all.size > MAX_WAITING) return void socket.destroy();
    if (all.size === 0) unanswered.set(socket, all);
    all.add(response);
    response.on('timeout', endIfAnswered).on('close', () => all.delete(response));
    if (response.socket) return listener(request, response); // its turn: nothing is before it
    response.once('socket', () => {
      // After what others have sent meanwhile.
      setImmediate(() => {
        if (!response.destroyed) listener(request, response);
      });
    });
  };
}

/** Whether Node owes nothing over the connection. */
export function isAnswered(socket: Socket): boolean {
  return (unanswered.get(socket)?.size ?? 0) === 0;
}

/** Once every request is answered that has come whole. */
export function afterAnswers(socket: Socket, then: () => void): void {
  const last = [...(unanswered.get(socket) ?? [])].findLast(({ req }) => req.complete);
  if (last) last.once('close', then);
  else then();
}

/** By a reset: else the system keeps what waits to be taken. */
function endIfAnswered(this: ServerResponse, socket: Socket): void {
  if (this.writableEnded) socket.resetAndDestroy();
}
