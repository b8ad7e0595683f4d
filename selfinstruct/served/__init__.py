"""Models behind an endpoint: asked over HTTP, as fast as they allow, without losing an answer."""

from selfinstruct.served.model import ServedModel

__all__ = ["ServedModel"]
