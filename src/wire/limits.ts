/**
 * What an answer of another machine may cost. Sizes count after decompression: 400 kB of gzip can inflate to 400 MB.
 * Depth and number of values have their limits in `model/json/parseJson.ts`.
 */

const megabyte = 1024 * 1024;

/** One JSON answer that is read as a whole. */
export const maxAnswerBytes = 64 * megabyte;
/** A list that is read record by record, or a snapshot that is read line by line. 10,000 trials with 20 metrics each take 40 MB. */
export const maxListBytes = 400 * megabyte;
/** One record of a list. */
export const maxRecordBytes = 16 * megabyte;
/** Records of one list, and trials of one experiment: each costs hundreds of bytes of memory, however short its text is. */
export const maxListRecords = 3_000_000;
export const maxTrials = 500_000;
/** One line of a snapshot: hundreds of trials, or thousands of metrics. */
export const maxLineBytes = 64 * megabyte;
/** What an event stream may send until an event ends that its reader knows. */
export const maxEventBytes = 32 * megabyte;
/** A text, such as a log, of which not only the end is wanted. */
export const maxTextBytes = 128 * megabyte;
/** The body of an answer that says what went wrong. */
export const maxErrorBytes = megabyte / 4;
/** How much of a server's reason goes into a message. */
export const maxReasonChars = 2000;

/** A list or snapshot that takes longer than this comes from a server that hangs. */
export const listTimeoutMs = 300_000;
/** Without a byte in this time, an answer that has begun is given up. */
export const silenceTimeoutMs = 20_000;
/** Without a byte in this time, an event stream is dead: servers send a comment every 15 s. */
export const eventSilenceTimeoutMs = 40_000;
/** Without an event or a comment in this time, an event stream is not one, however many bytes come. */
export const eventTimeoutMs = 180_000;
/** Work between two turns of the event loop, so that others who live in this process are not held up. */
export const sliceBudgetMs = 8;
