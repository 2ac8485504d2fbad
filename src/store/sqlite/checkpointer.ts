// The checkpointer thread: copies the WAL into the database beside the writer, so that no reply waits for it.
import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpointer } from './database.js';

const db = openCheckpointer((workerData as { folder: string }).folder);

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  try {
    db.pragma('wal_checkpoint(PASSIVE)');
  } catch {
    // A full or busy disk: the WAL keeps everything, and the next round tries again.
  }
  parentPort?.postMessage('done');
});
