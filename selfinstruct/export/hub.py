"""An exported folder onto the Hub, or any server that speaks as it does; nothing but the files of
its manifest.

The token comes from the environment alone, goes to one address over https (or to this machine), and
is in no message.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
import huggingface_hub

from selfinstruct.disk.manifest import MANIFEST
from selfinstruct.endpoint import read_endpoint
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.redaction import redact

TOKEN, ENDPOINT = "HF_TOKEN", "HF_ENDPOINT"
HUB = "https://huggingface.co"
NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
RepoType = Literal["dataset", "model"]


@dataclass(frozen=True, slots=True)
class Upload:
    """What would go where: files with their bytes, a repository, who may read it."""

    name: str
    repo_type: RepoType
    private: bool
    endpoint: str
    files: Mapping[str, int]

    def __str__(self) -> str:
        seen = "private" if self.private else "PUBLIC: everybody can read and copy it"
        total = sum(self.files.values())
        lines = [f"  {name}  {size:,} bytes" for name, size in self.files.items()]
        head = f"{len(self.files)} files, {total:,} bytes, to the {self.repo_type} {self.name}"
        return "\n".join([f"{head} at {self.endpoint} ({seen}):", *lines])


def require_ready(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raises `UserError` for a name, address or token that an upload could not go with."""
    if not NAME.fullmatch(name):
        raise UserError(f"--push-to-hub {name!r} is not OWNER/NAME", next_step="such as me/tickets")
    _endpoint(environment)
    _token(environment)


def plan_upload(
    folder: Path,
    name: str,
    repo_type: RepoType,
    *,
    private: bool,
    environment: Mapping[str, str] = os.environ,
) -> Upload:
    """What an upload of an exported folder would send. Raises `UserError` as `require_ready`."""
    require_ready(name, environment)
    listed = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): path.stat().st_size for path in listed}
    assert MANIFEST in files  # else it is no export
    return Upload(name, repo_type, private, _endpoint(environment), files)


def upload(folder: Path, plan: Upload, environment: Mapping[str, str] = os.environ) -> str:
    """Make the repository if it is missing, and put the files there in one commit; its address.

    Raises `IncompleteError` where the server refuses or cannot be reached.
    """
    token = _token(environment)
    api: Any = huggingface_hub.HfApi(
        endpoint=plan.endpoint, token=token, library_name="selfinstruct"
    )
    try:
        api.create_repo(plan.name, repo_type=plan.repo_type, private=plan.private, exist_ok=True)
        # One that was there before keeps its visibility, whatever was asked for.
        public = not api.repo_info(plan.name, repo_type=plan.repo_type).private
        if plan.private and public:
            raise UserError(
                f"{plan.name} is there already and is public, so nothing was uploaded",
                next_step="make it private on the server, or name another repository",
            )
        done = api.upload_folder(
            repo_id=plan.name,
            repo_type=plan.repo_type,
            folder_path=folder,
            allow_patterns=list(plan.files),
            commit_message="Export by selfinstruct",
        )
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise IncompleteError(
            f"{plan.endpoint} did not take it: {redact(str(error), [token])}",
            why=f"the export itself is whole, in {folder}",
            next_step="check the name, and that the token may write there; then push it again with "
            "--force",
        ) from None
    return str(done.commit_url)


def _endpoint(environment: Mapping[str, str]) -> str:
    url = environment.get(ENDPOINT, "").rstrip("/") or HUB
    try:
        read_endpoint(url)
    except UserError as error:
        raise UserError(
            f"{ENDPOINT} cannot be used: {error.what.replace('base_url', 'it')}",
            why="a token goes there",
            next_step=f"write it like {HUB}, or unset it",
        ) from None
    return url


def _token(environment: Mapping[str, str]) -> str:
    token = environment.get(TOKEN, "").strip()
    if not token:
        raise UserError(
            f"{TOKEN} is not set, and nothing is pushed without a token",
            next_step=f"export {TOKEN}=... in this shell; it is read from nowhere else",
        )
    return token
