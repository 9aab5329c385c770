"""A metric's JSON text: for numbers, text, None, lists, dicts and numpy values the same bytes as NNI's serialiser."""

import json


loads = json.loads


def dumps(value):
    return json.dumps(value, default=_plain)


def _plain(value):
    """A JSON value in place of an object `json` does not know, without importing the library it comes from."""
    kind = type(value)
    if kind.__module__ == 'numpy' or any(base.__module__ == 'numpy' for base in kind.__mro__):
        if hasattr(value, 'flags') and kind.__name__ == 'ndarray':
            return _array(value)
        return _scalar(value)
    # PyTorch, JAX, CuPy and others: a value of one element is that number (NNI would send it as an opaque pickle).
    if callable(getattr(value, 'item', None)) and hasattr(value, 'shape'):
        size = 1
        for length in value.shape:
            size *= length
        return _scalar(value) if size == 1 else value.tolist()
    if hasattr(value, 'numpy') and hasattr(value, 'shape'):  # TensorFlow
        return _plain(value.numpy())
    raise _unknown(value)


def _array(value):
    """NNI's form of a numpy array (that of json-tricks)."""
    result = {'__ndarray__': value.tolist(), 'dtype': str(value.dtype), 'shape': value.shape}
    if len(value.shape) > 1:
        result['Corder'] = value.flags['C_CONTIGUOUS']
    return result


def _scalar(value):
    item = value.item()
    if isinstance(item, (bool, int, float, str)):
        return item
    if type(item) is type(value):
        return float(item)  # numpy.longdouble has no Python counterpart and gives itself
    raise _unknown(value)


def _unknown(value):
    kind = type(value)
    name = kind.__name__ if kind.__module__ == 'builtins' else f'{kind.__module__}.{kind.__name__}'
    return TypeError(
        f'cannot report a value of type {name}: report a number, or a dict of numbers with the key "default"'
    )
