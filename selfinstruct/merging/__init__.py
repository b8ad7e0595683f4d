"""A student's adapter worked into the weights of its base: a model that needs nothing of ours."""

from selfinstruct.merging.merge import Merged, merge

__all__ = ["Merged", "merge"]
