"""NNI's functions for trial scripts; they do what `nni/trial.py` of NNI 3.0 does."""

import os

import _thread

# Makes `from nni.trial import x` look for nni.trial.x, and so end in our message when there is no x.
__path__ = []

_environment = os.environ.get
_platform = _environment('NNI_PLATFORM')
_experiment_id = _environment('NNI_EXP_ID') or 'STANDALONE'
_trial_id = _environment('NNI_TRIAL_JOB_ID') or 'STANDALONE'
_sequence_id = int(_environment('NNI_TRIAL_SEQ_ID') or 0)

if _platform is None or _platform == 'unittest':
    from . import _standalone as _channel
else:
    from . import _channel

_params = None
_intermediate_seq = 0


def _new_lock():
    # Reentrant, so that a signal handler may report while a report is being made.
    global _reporting
    _reporting = _thread.RLock()


_new_lock()
if hasattr(os, 'register_at_fork'):
    # A process forked while another thread reports would inherit a lock that stays closed for ever.
    os.register_at_fork(after_in_child=_new_lock)


def get_next_parameter():
    """The hyper-parameters of this trial, as a dict. Call it once; a second call gives None."""
    global _params
    _params = _channel.receive_parameter()
    return None if _params is None else _params['parameters']


def get_next_parameters():
    """Another name of `get_next_parameter`."""
    return get_next_parameter()


def get_current_parameter(tag=None):
    """What `get_next_parameter` gave, or its item `tag`."""
    if _params is None:
        return None
    return _params['parameters'] if tag is None else _params['parameters'][tag]


def get_experiment_id():
    return _experiment_id


def get_trial_id():
    """The trial's id, unique in the experiment."""
    return _trial_id


def get_sequence_id():
    """The trial's number."""
    return _sequence_id


def overwrite_intermediate_seq(value):
    """Sets the number of the next intermediate result."""
    assert isinstance(value, int)
    global _intermediate_seq
    _intermediate_seq = value


def report_intermediate_result(metric):
    """Reports a number, or a dict whose item `default` is the number of interest. Typically once an epoch."""
    global _intermediate_seq
    assert _params or _platform is None, 'nni.get_next_parameter() needs to be called before report_intermediate_result'
    # Under one lock, so that results stand in the file in the order of their numbers.
    with _reporting:
        number = _intermediate_seq
        # Count first: a signal handler may report in the midst of this.
        _intermediate_seq = number + 1
        try:
            _channel.send_metric('PERIODICAL', _parameter_id(), number, metric)
        except BaseException:
            if _intermediate_seq == number + 1:
                _intermediate_seq = number
            raise


def report_final_result(metric):
    """Reports the trial's result: a number, or a dict whose item `default` is the number of interest."""
    assert _params or _platform is None, 'nni.get_next_parameter() needs to be called before report_final_result'
    with _reporting:
        _channel.send_metric('FINAL', _parameter_id(), 0, metric)


def _parameter_id():
    return _params['parameter_id'] if _params else None


def __getattr__(name):
    from ._missing import attribute_error

    raise attribute_error(__name__, name)
