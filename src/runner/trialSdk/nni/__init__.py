"""
NNI's functions for trial scripts, in plain Python and in milliseconds, for machines without NNI.

It is put on ``PYTHONPATH`` only where no ``nni`` is installed. Should a real one turn up later on the path after all (a
virtual environment that the trial command activates, say), this package steps aside and the real one is imported.
"""

import sys

from ._stepaside import installed_nni

_installed = installed_nni()

if _installed is not None:
    import importlib.util

    # What `import nni` returns is whatever sys.modules holds when this file is through.
    _module = importlib.util.module_from_spec(_installed)
    for _name in [name for name in sys.modules if name.startswith(__name__ + '.')]:
        del sys.modules[_name]
    sys.modules[__name__] = _module
    _installed.loader.exec_module(_module)

else:
    from ._missing import NoMoreTrialError, attribute_error, refuse_unknown_submodules
    from . import _log, trial
    from .trial import (
        get_current_parameter,
        get_experiment_id,
        get_next_parameter,
        get_next_parameters,
        get_sequence_id,
        get_trial_id,
        report_final_result,
        report_intermediate_result,
    )
    from .version import __version__

    refuse_unknown_submodules()
    _log.redirect()

    def __getattr__(name):
        # `import nni; nni.utils.merge_parameter(...)` works with NNI, which imports its utils at once.
        if name == 'utils':
            import importlib

            return importlib.import_module(__name__ + '.utils')
        raise attribute_error(__name__, name)
