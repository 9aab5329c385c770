"""A script that a person starts outside of any experiment: it gets no parameters, and its results are printed."""

import sys
import time

# As it was when nni was imported.
_stdout = sys.stdout


def receive_parameter():
    import warnings

    warnings.warn(
        'Running trial code without runtime: there is no experiment, so nni.get_next_parameter() returns {}. '
        'Please check the tutorial if you are new to NNI: '
        'https://nni.readthedocs.io/en/stable/tutorials/hpo_quickstart_pytorch/main.html',
        RuntimeWarning,
        stacklevel=3,
    )
    return {'parameter_id': None, 'parameters': {}}


def send_metric(kind, parameter_id, sequence, value):
    if kind == 'FINAL':
        text = f'Final result: {value}'
    else:
        text = f'Intermediate result: {value}  (Index {sequence})'
    print(time.strftime('[%Y-%m-%d %H:%M:%S]'), text, file=_stdout)
