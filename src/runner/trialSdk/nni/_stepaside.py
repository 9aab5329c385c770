"""Looks for a real ``nni`` behind this one on the path."""

import sys

# Part of the interpreter and loaded long before us; `importlib.machinery` is the same class, at a millisecond's cost.
from _frozen_importlib_external import PathFinder


def _is_ours(folder):
    """True when the `nni` in this path entry is a copy of this package: it has this very file."""
    try:
        open((folder or '.') + '/nni/_stepaside.py').close()
    except OSError:
        return False
    return True


def installed_nni():
    """The module spec of a real ``nni`` anywhere on the path, or None. A mere folder of that name does not count."""
    path = None
    for finder in sys.meta_path:
        if finder is PathFinder:
            if path is None:
                path = [folder for folder in sys.path if not _is_ours(folder)]
            spec = finder.find_spec('nni', path)
        elif hasattr(finder, 'find_spec'):
            spec = finder.find_spec('nni', None)  # e.g. of a package that is installed as `pip install --editable`
        else:
            continue
        if spec is not None and spec.loader is not None and spec.origin not in (None, 'namespace'):
            return spec
    return None
