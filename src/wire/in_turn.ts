// What a client sends ahead of its answers waits for them. Node hands over all requests that came together: worked on at
// once, a packet of a thousand would hold a thousand answers in memory; and of those whose turn never comes, because the
// connection ends, Node tells no end. What it does not take ends the connection, by the server's timeout.
import type { RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Nobody sends so many ahead but to see what happens: the connection ends. */
const MAX_WAITING = 1_000;

/** Has the requests of one connection answered one after the other. While one is worked on, no timeout holds. */
export function inTurn(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    response.on('timeout', endIfAnswered);
    if (response.socket) return listener(request, response); // its turn: nothing is before it
    const { socket } = request;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > MAX_WAITING) return void socket.destroy();
    waiting.set(socket, count);
    response.once('socket', () => {
      waiting.set(socket, (waiting.get(socket) as number) - 1);
      // After what others have sent meanwhile.
      setImmediate(() => {
        if (!response.destroyed) listener(request, response);
      });
    });
  };
}

/** By a reset: else the system keeps what waits to be taken. */
function endIfAnswered(this: ServerResponse, socket: Socket): void {
  if (this.writableEnded) socket.resetAndDestroy();
}
