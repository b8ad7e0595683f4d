"""Bootstrap a small student model from a few hundred real examples, and know whether it helped."""

__version__ = "0.1.0"
