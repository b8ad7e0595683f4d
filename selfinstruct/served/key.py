"""The key that a request carries, from the environment and nowhere else."""

import os

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import Endpoint
from selfinstruct.errors import UserError


def read_key(cfg: ModelConfig, endpoint: Endpoint) -> str | None:
    """The key to send, None for none. Over plain HTTP it stays here, but for this machine.

    Raises `UserError` where one is needed and missing, or cannot be sent; the message never holds
    it.
    """
    key = os.environ.get(cfg.api_key_env, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UserError(
            f"the key in {cfg.api_key_env} holds characters that cannot be sent",
            next_step="copy it once more; a key is letters, digits and marks on one line",
        )
    if endpoint.local:
        return key or None
    if endpoint.scheme != "https":
        return None
    if not key:
        raise UserError(
            f"{endpoint.host} needs a key, and {cfg.api_key_env} is not set",
            next_step=f"export {cfg.api_key_env}=...; any word will do if the server asks for none",
        )
    return key
