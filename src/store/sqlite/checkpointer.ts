// The checkpointer thread: copies the WAL into the database beside the writer, so that no reply waits for it.
import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpointer } from './database.js';

const { folder } = workerData as { folder: string };

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'close') return void parentPort?.close();
  try {
    const db = openCheckpointer(folder);
    try {
      db.pragma('wal_checkpoint(PASSIVE)');
    } finally {
      db.close();
    }
  } catch {
    // A full or busy disk: the WAL keeps everything, and the next round tries again.
  }
  parentPort?.postMessage('done');
});
