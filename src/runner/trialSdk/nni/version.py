"""The level of NNI's trial functions this package offers, and whose build of them it is (PEP 440 local version)."""

__version__ = '3.0+trialdeck'
