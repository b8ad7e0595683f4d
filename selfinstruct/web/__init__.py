"""The page on which people judge rows, and the pages that show runs: one server, loopback only.

Needs Starlette and uvicorn (the extra `review`): importing this without them raises a `UserError`
that says how to install them.
"""

from importlib.util import find_spec

from selfinstruct.errors import UserError

if missing := [name for name in ("starlette", "uvicorn") if find_spec(name) is None]:
    raise UserError(
        f"the pages need {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} "
        "not installed",
        next_step="pip install 'selfinstruct[review]'",
    )
