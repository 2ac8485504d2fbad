// Moments are the records' affair too, which stand below the timeline.
export { isDay, MOMENT_HINT, parseMoment } from '../records/moment.js';
