"""Answers a script that asks for a part of NNI that this package does not have, with a plain error."""

import sys


class NoMoreTrialError(Exception):
    """The error that tuners raise when the search space is used up."""

    def __init__(self, ErrorInfo='Search space fully explored'):
        super().__init__(self)
        self.errorinfo = ErrorInfo

    def __str__(self):
        return self.errorinfo


def _message(name):
    return (
        f'{name} is not part of the small nni package that Trialdeck gives to trials where NNI is not installed. '
        f'To use it, install NNI: {sys.executable or "python3"} -m pip install nni'
    )


def attribute_error(module, name):
    """The error for `module.name`."""
    if name.startswith('__'):
        return AttributeError(f'module {module!r} has no attribute {name!r}')
    return AttributeError(_message(f'{module}.{name}'))


class _Refuser:
    """The last entry of `sys.meta_path`: it gets the submodules of nni that no other finder found."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not name.startswith('nni.'):
            return None
        # Without the error's `name`, `from nni import x` would swallow it and say only that it "cannot import" x.
        raise ModuleNotFoundError(_message(name))


def refuse_unknown_submodules():
    sys.meta_path.append(_Refuser)
