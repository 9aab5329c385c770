"""NNI's file channel: the trial reads its parameters from a file and appends its metrics to another. No process needs to listen."""

import os

_platform = os.environ.get('NNI_PLATFORM')
_on_stdout = _platform != 'local' or os.environ.get('REUSE_MODE') in ('true', 'True')
_multiphase = os.environ.get('MULTI_PHASE') in ('true', 'True')

LONGEST = 999999
"""Bytes a metric may have at most: its length is written in six digits."""

_parameter_index = 0
_metrics = None


def _system_folder():
    if os.environ.get('NNI_TRIAL_COMMAND_CHANNEL'):
        raise RuntimeError(
            'This trial was started by a manager that speaks over a network channel (NNI_TRIAL_COMMAND_CHANNEL is set), '
            'which takes NNI itself: pip install nni'
        )
    folder = os.environ.get('NNI_SYS_DIR')
    if not folder:
        raise RuntimeError('NNI_PLATFORM is set but NNI_SYS_DIR is not: this is not the environment of a trial')
    return folder


def receive_parameter():
    """The trial's parameter record, or None when the script has already asked for it."""
    global _parameter_index
    # Imported here, so that `import nni` costs a script that wants no parameters nothing, and no later, so that a signal
    # handler that reports never meets it half imported.
    from ._encoding import loads

    if _parameter_index > 0 and not _multiphase:
        return None
    name = f'parameter_{_parameter_index}.cfg' if _parameter_index > 0 else 'parameter.cfg'
    path = os.path.join(_system_folder(), name)
    text = _read(path)
    if text is None:
        _request_parameter()
    if not text:
        import time

        while not text:
            time.sleep(0.1)
            text = _read(path)
    record = loads(text)
    assert isinstance(record, dict) and 'parameters' in record, f'{path} does not hold a parameter record'
    _parameter_index += 1
    return record


def _read(path):
    try:
        with open(path, encoding='utf-8') as file:
            return file.read()
    except FileNotFoundError:
        return None


def _request_parameter():
    from ._encoding import dumps

    _append(
        dumps(
            {
                'trial_job_id': os.environ.get('NNI_TRIAL_JOB_ID'),
                'type': 'REQUEST_PARAMETER',
                'sequence': 0,
                'parameter_index': _parameter_index,
            }
        )
    )


def send_metric(kind, parameter_id, sequence, value):
    """Appends one metric. Nothing is written when the value can't be encoded or is too long."""
    from ._encoding import dumps

    _append(
        dumps(
            {
                'parameter_id': parameter_id,
                'trial_job_id': os.environ.get('NNI_TRIAL_JOB_ID'),
                'type': kind,
                'sequence': sequence,
                'value': dumps(value),
            }
        )
    )


def _append(text):
    data = (text + '\n').encode('utf-8')
    if len(data) > LONGEST:
        raise ValueError(
            f'This result takes {len(data)} bytes; at most {LONGEST} can be reported. '
            'Report numbers, and write large data to a file in the folder NNI_OUTPUT_DIR'
        )
    if _on_stdout:
        print("NNISDK_MEb'%s'" % text, flush=True)
        return
    _write(b'ME%06d%b' % (len(data), data))


def _write(frame):
    """One write in append mode, so that frames of threads and forked processes never mix."""
    descriptor = _metrics_file()
    written = os.write(descriptor, frame)
    if written == len(frame):
        return
    end = os.fstat(descriptor).st_size
    try:
        rest = frame[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        # The disk is full: take back the piece of a frame, unless another process has written behind it.
        if os.fstat(descriptor).st_size == end:
            os.ftruncate(descriptor, end - written)
        raise


def _metrics_file():
    global _metrics
    if _metrics is None:
        folder = os.path.join(_system_folder(), '.nni')
        os.makedirs(folder, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, 'O_BINARY', 0)
        _metrics = os.open(os.path.join(folder, 'metrics'), flags, 0o644)
    return _metrics
