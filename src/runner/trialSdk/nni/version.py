"""The version of NNI's trial functions that this package offers, and its builder (PEP 440 local version)."""

__version__ = '3.0+trialdeck'
