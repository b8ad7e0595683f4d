from pathlib import Path

import pytest

from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.export.folder import publish
from selfinstruct.export.hub import plan_upload, require_ready, upload
from tests.hub import serve

TOKEN = "hf_aVerySecretToken12345"


def exported(tmp_path: Path) -> Path:
    publish(tmp_path / "out", {"README.md": b"# card\n", "pool.jsonl": b"{}\n"}, {"what": "pool"})
    return tmp_path / "out"


@pytest.mark.parametrize("private", [True, False])
def test_the_files_of_the_export_and_nothing_else_are_uploaded(
    tmp_path: Path, private: bool
) -> None:
    out = exported(tmp_path)
    with serve() as hub:
        hub.private = private
        env = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
        plan = plan_upload(out, "me/t", "dataset", private=private, environment=env)
        told = str(plan)
        url = upload(out, plan, env)
    assert url == f"{hub.url}/me/t/commit/1"
    assert hub.files == {path.name: path.read_bytes() for path in out.iterdir()}
    assert hub.tokens == {f"Bearer {TOKEN}"}
    assert hub.created[0]["type"] == "dataset"
    assert (hub.created[0]["visibility"] == "private") is private
    assert ("PUBLIC" in told) is not private
    assert f"3 files, {sum(map(len, hub.files.values())):,} bytes" in told
    assert TOKEN not in told


def test_a_repository_that_is_public_already_takes_no_private_rows(tmp_path: Path) -> None:
    out = exported(tmp_path)
    with serve() as hub:
        hub.private = False
        env = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
        plan = plan_upload(out, "me/t", "dataset", private=True, environment=env)
        with pytest.raises(UserError, match="is there already and is public"):
            upload(out, plan, env)
        assert hub.files == {}


def test_a_refusal_is_told_without_the_token(tmp_path: Path) -> None:
    out = exported(tmp_path)
    with serve() as hub:
        hub.refuse = 403
        env = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
        plan = plan_upload(out, "me/t", "model", private=False, environment=env)
        with pytest.raises(IncompleteError, match="did not take it") as error:
            upload(out, plan, env)
    assert TOKEN not in str(error.value)
    assert "the export itself is whole" in str(error.value)


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    out = exported(tmp_path)
    with serve() as hub:
        env = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
    plan = plan_upload(out, "me/t", "dataset", private=True, environment=env)
    with pytest.raises(IncompleteError, match="did not take it"):
        upload(out, plan, env)


@pytest.mark.parametrize(
    ("name", "env", "told"),
    [
        ("t", {"HF_TOKEN": TOKEN}, "is not OWNER/NAME"),
        ("me/../t", {"HF_TOKEN": TOKEN}, "is not OWNER/NAME"),
        ("me/t", {}, "HF_TOKEN is not set"),
        ("me/t", {"HF_TOKEN": " "}, "HF_TOKEN is not set"),
        ("me/t", {"HF_TOKEN": TOKEN, "HF_ENDPOINT": "http://hub.example"}, "HF_ENDPOINT cannot"),
        ("me/t", {"HF_TOKEN": TOKEN, "HF_ENDPOINT": "https://169.254.169.254"}, "HF_ENDPOINT can"),
    ],
)
def test_what_an_upload_cannot_go_with_is_told_first(
    name: str, env: dict[str, str], told: str
) -> None:
    with pytest.raises(UserError) as error:
        require_ready(name, env)
    assert told in str(error.value)
    assert TOKEN not in str(error.value)
