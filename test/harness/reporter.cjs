// Mocha's spec reporter, which also leaves its counts and failures in the file TRIALDECK_RESULTS for the runner of all levels.
const { writeFileSync } = require('node:fs');
const { format } = require('node:util');
const Mocha = require('mocha');

// An extension host sends the arguments of its console elsewhere without formatting them, among lines of VS Code's own. So the text is
// formatted here, and marked where hostTests.ts asks for it.
const mark = process.env.TRIALDECK_TEST_MARK ?? '';
Mocha.reporters.Base.consoleLog = (...values) => console.log(mark + format(...values));

module.exports = class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failures = [];
    runner.on('fail', (test, error) =>
      failures.push({ title: test.fullTitle(), message: String(error?.message ?? error) }),
    );
    runner.once('end', () => {
      const file = process.env.TRIALDECK_RESULTS;
      if (!file) return;
      const { passes = 0, failures: failed = 0, pending = 0 } = runner.stats ?? {};
      writeFileSync(file, JSON.stringify({ passed: passes, failed, skipped: pending, failures }));
    });
  }
};
