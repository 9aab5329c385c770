/**
 * Limits of an answer from another machine. Sizes count after decompression: 400 kB of gzip can inflate to 400 MB.
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
/** Bytes that an event stream may send before a known event ends. */
export const maxEventBytes = 32 * megabyte;
/** A text, such as a log, that is read as a whole. */
export const maxTextBytes = 128 * megabyte;
/** The body of an error answer. */
export const maxErrorBytes = megabyte / 4;
/** How much of a server's reason goes into a message. */
export const maxReasonChars = 2000;

/** A list or snapshot that takes longer than this comes from a server that hangs. */
export const listTimeoutMs = 300_000;
/** An answer that has begun is given up when no byte comes in this time. */
export const silenceTimeoutMs = 20_000;
/** An event stream without a byte in this time is dead: servers send a comment every 15 s. */
export const eventSilenceTimeoutMs = 40_000;
/** A stream without an event or a comment in this time is not an event stream, however many bytes come. */
export const eventTimeoutMs = 180_000;
/** Work between two turns of the event loop, so that the rest of the process is not held up. */
export const sliceBudgetMs = 8;
