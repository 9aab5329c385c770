"""The one function of `nni.utils` that trial scripts use."""

# Makes `from nni.utils import x` look for nni.utils.x, and so end in our message when there is no x.
__path__ = []


def merge_parameter(base_params, override_params):
    """
    Overrides items of `base_params` (a dict or a namespace, as from argparse) with `override_params`, in place, and returns it.

    Raises ValueError for a key that `base_params` lacks, and for a value of another type than the one it replaces (a float
    may be replaced by an int; None by anything).
    """
    if override_params is None:
        return base_params
    base = base_params if isinstance(base_params, dict) else vars(base_params)
    for key, value in override_params.items():
        if key not in base:
            raise ValueError(f"Key '{key}' not found in base parameters.")
        base[key] = _of_same_type(key, base[key], value)
    return base_params


def _of_same_type(key, old, new):
    if old is None or isinstance(new, type(old)):
        return new
    if isinstance(old, float) and isinstance(new, int):
        return float(new)
    raise ValueError(
        f'Expected "{key}" in override parameters to have type {type(old).__name__}, but found {type(new).__name__}'
    )


def __getattr__(name):
    from ._missing import attribute_error

    raise attribute_error(__name__, name)
