"""
In a trial, what the script prints and logs goes to `trial.log`, as with NNI.

NNI 3.0 does the same: lines of `print` get the time and `PRINT` before them; the root logger gets a handler with level INFO.
"""

import io
import os
import sys
import time

LOG_FORMAT = '[%(asctime)s] %(levelname)s (%(name)s/%(threadName)s) %(message)s'
TIME_FORMAT = '%Y-%m-%d %H:%M:%S'


def redirect():
    """Called once, when nni is imported."""
    platform = os.environ.get('NNI_PLATFORM')
    folder = os.environ.get('NNI_OUTPUT_DIR')
    if platform in (None, 'unittest') or os.environ.get('REUSE_MODE') or not folder:
        return
    os.makedirs(folder, exist_ok=True)
    file = open(os.path.join(folder, 'trial.log'), 'a', encoding='utf-8', errors='backslashreplace')
    if platform == 'local':
        sys.stdout = PrintLog(file)
    if 'logging' in sys.modules:
        add_handler(file)
    else:
        # Importing `logging` takes as long as all of this package, so it waits until the script wants it.
        sys.meta_path.insert(0, _OnLoggingImport(file))


class PrintLog(io.TextIOBase):
    """Standard output that writes whole lines, each with its time, to the trial's log."""

    def __init__(self, file):
        self._file = file  # keeps it open
        self._descriptor = file.fileno()
        self._line = ''
        self._since = 0.0

    encoding = 'utf-8'
    errors = 'backslashreplace'

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor

    def write(self, text):
        now = time.time()
        if self._line and now - self._since > 0.1:
            self.flush()
        if not self._line:
            self._since = now
        *lines, self._line = (self._line + text).split('\n')
        if lines:
            self._since = now
            self._put(lines, now)
        return len(text)

    def flush(self):
        if self._line:
            line, self._line = self._line, ''
            self._put([line], self._since)

    def _put(self, lines, when):
        start = time.strftime(f'[{TIME_FORMAT}] PRINT ', time.localtime(when))
        text = ''.join([f'{start}{line}\n' for line in lines])
        # One write in append mode, past every buffer: lines of several processes do not mix.
        os.write(self._descriptor, text.encode(self.encoding, self.errors))


def add_handler(file):
    import logging

    handler = logging.StreamHandler(file)
    handler.setFormatter(logging.Formatter(LOG_FORMAT, TIME_FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)


class _OnLoggingImport:
    """Adds our handler as soon as some module has imported `logging`."""

    def __init__(self, file):
        self._file = file

    def find_spec(self, name, path=None, target=None):
        if name != 'logging':
            return None
        sys.meta_path.remove(self)
        import importlib.util

        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        spec.loader = _ThenAddHandler(spec.loader, self._file)
        return spec


class _ThenAddHandler:
    def __init__(self, loader, file):
        self._loader = loader
        self._file = file

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        add_handler(self._file)
