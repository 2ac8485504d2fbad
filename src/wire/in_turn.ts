// What a client sends ahead of its answers waits for them. Node hands over all requests that came together: worked on at
// once, a packet of a thousand would hold a thousand answers in memory; and of those whose turn never comes, because the
// connection ends, Node tells no end.
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** Nobody sends so many ahead but to see what happens: the connection ends. */
const MAX_WAITING = 1_000;

/** Has the requests of one connection answered one after the other. */
export function inTurn(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
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
