"""As much of the package `keyring` as is asked of it, with a word for every service."""

from types import SimpleNamespace


class KeyringError(Exception):
    """Of the real one, the base of all errors."""


errors = SimpleNamespace(KeyringError=KeyringError)


def get_password(service: str, user: str) -> str | None:
    match user:
        case "nobody":
            return None
        case "locked":
            raise KeyringError("it is locked")
        case "odd":
            return "wörd"
        case _:
            return f" ring-word-of-{service}\n"
