"""The key that a served model is asked with: from the environment, or from the system's keyring.

It is read when a model is opened and is sent to the configured host alone. What comes out of the
keyring is made known to `redaction`, as the values of the environment are.
"""

import importlib
import importlib.util
from collections.abc import Mapping

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import Endpoint
from selfinstruct.errors import UserError
from selfinstruct.redaction import learn

KEYRING = "keyring"
INSTALL = "pip install 'selfinstruct[keyring]'"


def read_key(
    cfg: ModelConfig, endpoint: Endpoint, environment: Mapping[str, str], library: str = KEYRING
) -> str | None:
    """The key to send, None to send none: over plain http it stays here, this machine excepted.

    Raises `UserError` for a key that is needed and missing, for one that no header can carry, and
    for a keyring that is not installed or cannot be asked. No message repeats a key.
    """
    if endpoint.scheme != "https" and not endpoint.local:
        return None
    if cfg.api_key_keyring is not None:
        place, key = cfg.api_key_keyring, _from_keyring(cfg.api_key_keyring, library)
    else:
        place, key = cfg.api_key_env, environment.get(cfg.api_key_env, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UserError(
            f"the key in {place} holds characters that cannot be sent",
            next_step="copy it once more; a key is letters, digits and marks on one line",
        )
    if not key and not endpoint.local:
        raise UserError(
            f"{endpoint.host} needs a key, and {place} is not set",
            next_step=f"export {place}=...; any word will do if the server asks for none",
        )
    return key or None


def _from_keyring(place: str, library: str) -> str:
    service, _, user = place.rpartition("/")
    if importlib.util.find_spec(library) is None:
        raise UserError(
            "the package that asks the system's keyring is not installed",
            why=f"api_key_keyring is {place}",
            next_step=f"{INSTALL}, or name an environment variable in api_key_env instead",
        )
    ring = importlib.import_module(library)
    try:
        found = ring.get_password(service, user)
    except ring.errors.KeyringError as error:
        raise UserError(
            f"the system's keyring cannot be asked for {place}: {error}",
            next_step="unlock it, or name an environment variable in api_key_env instead",
        ) from None
    key = (found or "").strip()
    if not key:
        raise UserError(
            f"the system's keyring holds no key for {place}",
            next_step=f"keyring set {service} {user}",
        )
    learn(key)
    return key
