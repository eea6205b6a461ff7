# SPDX-License-Identifier: Apache-2.0
"""Counts checks. Every check is real: it passed, failed, or was skipped for a reason it prints."""
import signal
import sys
import time

# A test that hangs fails; it must not take the others with it.
TEST_SECONDS = 600


def _too_long(_signum, _frame):
    raise TimeoutError('not done within its time')


class Results:
    def __init__(self, verbose=False):
        self.passed = self.failed = self.skipped = 0
        self.verbose = verbose
        self.where = ''

    def check(self, ok, what, detail=''):
        if ok:
            self.passed += 1
            if self.verbose:
                print('  ok      %s: %s' % (self.where, what))
        else:
            self.failed += 1
            print('  FAILED  %s: %s%s' % (self.where, what, '\n          ' + str(detail).replace(
                '\n', '\n          ') if detail else ''))
        sys.stdout.flush()
        return bool(ok)

    def equal(self, got, want, what):
        return self.check(got == want, what, 'got  %r\nwant %r' % (got, want))

    def skip(self, what, reason):
        self.skipped += 1
        print('  skipped: %s: %s' % (what, reason), flush=True)

    def run(self, name, test, *args, seconds=TEST_SECONDS):
        """One named test; an exception is a failed check, never the end of the run."""
        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(seconds)
        before, self.where = (self.passed, self.failed, self.skipped), name
        t0 = time.monotonic()
        try:
            test(self, *args)
        except Exception as e:
            import traceback
            self.check(False, 'raised %s' % type(e).__name__, traceback.format_exc())
        signal.alarm(0)
        good, bad = self.passed - before[0], self.failed - before[1]
        if good or bad:
            print('%-6s %-58s %4d checks %6.1f s' % ('FAIL' if bad else 'ok', name, good + bad,
                                                    time.monotonic() - t0), flush=True)

    def close(self):
        """Prints the last line of a run and returns its exit status."""
        tail = ', %d skipped' % self.skipped if self.skipped else ''
        print('%d passed, %d failed%s' % (self.passed, self.failed, tail), flush=True)
        return 1 if self.failed or not self.passed else 0
