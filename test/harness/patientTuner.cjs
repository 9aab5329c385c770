// Loaded into NNI's manager by patientNnictl.py. The manager gives its tuner ten seconds to start, of which a busy machine needs
// more, and nothing else ten seconds by a timer: this gives it two minutes.
const start = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => start(callback, delay === 10_000 ? 120_000 : delay, ...rest);
