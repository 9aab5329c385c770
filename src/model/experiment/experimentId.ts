/** NNI's experiment ids: folder names, parts of addresses and arguments of commands. */

/** Whether a text may be such an id. NNI's own have 8 characters; names that every JavaScript object knows are refused. */
export function isExperimentId(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$/.test(text) && !(text in Object.prototype);
}
