"""Each tracker as a fake that notes what it is told; TensorBoard is real where it is installed."""

import importlib.util
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

import pytest

from selfinstruct.config import StudentConfig
from selfinstruct.errors import UserError
from selfinstruct.tracking import (
    CHECKS,
    MOST_SAID,
    SENDERS,
    Fault,
    OnFault,
    Track,
    end_training,
    require_ready,
    require_trackers,
    send,
    spare,
)

NUMBERS = {"gate/gain": 0.25, "gate/accept": 1.0}
WORDS = "accept: better"


class Notes:
    """Stands for any module: every call is noted, by the names that lead to it."""

    def __init__(self, heard: list[tuple[Any, ...]], path: str = "") -> None:
        self._heard = heard
        self._path = path
        self.summary: dict[str, str] = {}

    def __getattr__(self, name: str) -> "Notes":
        return Notes(self._heard, f"{self._path}.{name}")

    def __call__(self, *given: Any, **named: Any) -> "Notes":
        self._heard.append((self._path.removeprefix("."), given, named))
        return self

    def __enter__(self) -> "Notes":
        return self

    def __exit__(self, *_: object) -> None:
        self._heard.append((f"{self._path.removeprefix('.')} ends", (), {}))


def never(fault: Fault) -> None:
    raise AssertionError(fault.words)


def track(*to: str, name: str = "n", folder: Path = Path("F"), on_fault: OnFault = never) -> Track:
    return Track(to, name, folder, on_fault)


def loader(heard: list[tuple[Any, ...]]) -> Callable[[str], Any]:
    return lambda name: Notes(heard, name)


@pytest.mark.parametrize(
    ("to", "calls"),
    [
        (
            "tensorboard",
            [
                ("SummaryWriter", (), {"log_dir": "F/tensorboard/t round-1 gate seed 0"}),
                ("SummaryWriter.add_scalar", ("gate/gain", 0.25, 1), {}),
                ("SummaryWriter.add_scalar", ("gate/accept", 1.0, 1), {}),
                ("SummaryWriter.add_text", ("verdict", WORDS, 1), {}),
                ("SummaryWriter.close", (), {}),
            ],
        ),
        (
            "mlflow",
            [
                ("start_run", (), {"run_name": "t round-1 gate seed 0"}),
                ("log_metrics", (NUMBERS,), {"step": 1}),
                ("set_tag", ("verdict", WORDS), {}),
                ("start_run ends", (), {}),
            ],
        ),
        (
            "wandb",
            [
                ("init", (), {"project": "huggingface", "name": "t round-1 gate seed 0"}),
                ("init.log", (NUMBERS,), {"step": 1}),
                ("init.finish", (), {}),
            ],
        ),
        (
            "trackio",
            [
                ("init", (), {"project": "selfinstruct", "name": "t round-1 gate seed 0"}),
                ("log", ({**NUMBERS, "verdict": WORDS},), {"step": 1}),
                ("finish", (), {}),
            ],
        ),
    ],
)
def test_a_tracker_is_told_numbers_and_verdict(to: str, calls: list[tuple[Any, ...]]) -> None:
    heard: list[tuple[Any, ...]] = []
    send(track(to, name="t round-1 gate seed 0"), 1, NUMBERS, WORDS, loader(heard))
    module = "torch.utils.tensorboard" if to == "tensorboard" else to
    told = [(name.removeprefix(f"{module}."), given, named) for name, given, named in heard]
    assert told == calls


def test_every_tracker_is_told_in_order() -> None:
    heard: list[tuple[Any, ...]] = []
    send(track("trackio", "mlflow"), 1, NUMBERS, WORDS, loader(heard))
    firsts = [name for name, *_ in heard if name in ("trackio.init", "mlflow.start_run")]
    assert firsts == ["trackio.init", "mlflow.start_run"]


def failing(broken: str, error: Exception, heard: list[tuple[Any, ...]]) -> Callable[[str], Any]:
    """A loader of fakes of which one cannot be had."""

    def load(name: str) -> Any:
        if name == broken:
            raise error
        return Notes(heard, name)

    return load


def test_a_tracker_that_fails_is_told_and_the_others_hear_all() -> None:
    heard: list[tuple[Any, ...]] = []
    faults: list[Fault] = []
    load = failing("mlflow", ConnectionError("no\nroute"), heard)
    send(track("mlflow", "trackio", on_fault=faults.append), 1, NUMBERS, WORDS, load)
    assert faults == [Fault("mlflow", "the end of n", "ConnectionError: no route")]
    assert faults[0].words == (
        "mlflow failed at the end of n, and the run went on: ConnectionError: no route"
    )
    assert [name for name, *_ in heard] == ["trackio.init", "trackio.log", "trackio.finish"]


def test_a_run_that_cannot_be_closed_is_told() -> None:
    faults: list[Fault] = []
    end_training(track("wandb", on_fault=faults.append), failing("wandb", OSError("gone"), []))
    assert faults == [Fault("wandb", "the end of n", "OSError: gone")]


def test_what_is_no_fault_of_a_tracker_is_not_caught() -> None:
    def work() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spare(track("mlflow"), "mlflow", "step 1", work)


def test_what_a_tracker_said_is_short_and_without_keys() -> None:
    faults: list[Fault] = []

    def work() -> None:
        raise OSError("at https://me:hunter22@host/ it failed " + "x" * MOST_SAID)

    assert not spare(track("mlflow", on_fault=faults.append), "mlflow", "step 1", work)
    assert faults[0].said.startswith("OSError: at https://[redacted]@host/ it failed xxx")
    assert len(faults[0].said) == MOST_SAID


class Answers:
    """Stands for wandb or mlflow as far as they are asked beforehand."""

    def __init__(self, mode: str = "online", key: bool = True, uri: str = "sqlite:///x") -> None:
        self.settings = SimpleNamespace(mode=mode)
        self._key = key
        self._uri = uri
        self.asked: list[str] = []

    def setup(self) -> "Answers":
        return self

    def login(self, *, prompt: bool) -> bool:
        assert not prompt  # nobody may be sitting there
        self.asked.append("login")
        return self._key

    def get_tracking_uri(self) -> str:
        return self._uri

    def MlflowClient(self) -> "Answers":  # noqa: N802 - as MLflow calls it
        return self

    def search_experiments(self, *, max_results: int) -> None:
        assert max_results == 1
        self.asked.append("experiments")


@pytest.mark.parametrize(
    ("mode", "key", "fits"),
    [("online", True, True), ("online", False, False), ("offline", False, True)],
)
def test_wandb_without_a_key_is_refused_unless_it_stays_here(
    mode: str, key: bool, fits: bool
) -> None:
    wandb = Answers(mode, key)
    if fits:
        require_ready(("wandb",), lambda _: wandb)
    else:
        with pytest.raises(UserError, match="report_to names wandb, which would take") as raised:
            require_ready(("wandb",), lambda _: wandb)
        assert raised.value.why == "LookupError: there is no key for it on this machine"
        assert raised.value.next_step.startswith("wandb login, or set WANDB_MODE=offline")
        assert raised.value.next_step.endswith("or take wandb out of student.report_to")
    assert wandb.asked == (["login"] if mode == "online" else [])


class Page(BaseHTTPRequestHandler):
    """A server that knows no page: it is there all the same."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_mlflow_server_is_asked_whether_it_is_there() -> None:
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        mlflow = Answers(uri=f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.handle_request, daemon=True).start()
        require_ready(("mlflow",), lambda _: mlflow)
        assert mlflow.asked == ["experiments"]
    with pytest.raises(UserError, match="names mlflow, which would take nothing") as raised:
        require_ready(("mlflow",), lambda _: mlflow)
    assert "does not answer" in raised.value.why
    assert "refused" in raised.value.why
    assert mlflow.asked == ["experiments"]


def test_a_store_that_is_no_server_is_asked_alone() -> None:
    mlflow = Answers(uri="sqlite:///mlflow.db")
    require_ready(("mlflow",), lambda _: mlflow)
    assert mlflow.asked == ["experiments"]


@pytest.mark.parametrize("to", SENDERS)
def test_a_tracker_that_does_not_load_is_refused(to: str) -> None:
    module = "torch.utils.tensorboard" if to == "tensorboard" else to
    with pytest.raises(UserError, match=f"names {to}, which would take nothing") as raised:
        require_ready((to,), failing(module, ImportError("protobuf is too new"), []))
    assert raised.value.why == "ImportError: protobuf is too new"
    assert raised.value.next_step.endswith(f", or take {to} out of student.report_to")


def test_every_tracker_of_the_config_is_checked_and_sent_to() -> None:
    (field,) = get_args(get_type_hints(StudentConfig)["report_to"])[:1]
    assert {*get_args(field)} == {*SENDERS} == {*CHECKS}


@pytest.mark.parametrize(("to", "calls"), [(("wandb",), 1), (("mlflow", "trackio"), 0)])
def test_what_the_trainer_leaves_open_is_closed(to: tuple[str, ...], calls: int) -> None:
    heard: list[tuple[Any, ...]] = []
    end_training(track(*to), loader(heard))
    assert [name for name, *_ in heard] == ["wandb.finish"] * calls


def test_a_tracker_that_is_not_here_is_refused() -> None:
    require_trackers(())
    with pytest.raises(UserError, match="names no_such_tracker, which is not installed") as raised:
        require_trackers(("json", "no_such_tracker"))
    assert raised.value.next_step == "pip install no_such_tracker"


def test_tensorboard_reads_what_was_sent(tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    reader = importlib.import_module(
        "tensorboard.backend.event_processing.event_accumulator"
    ).EventAccumulator
    here = track("tensorboard", folder=tmp_path)
    send(here, 3, NUMBERS, WORDS)
    found = reader(str(here.board)).Reload()
    assert [(each.step, each.value) for each in found.Scalars("gate/gain")] == [(3, 0.25)]
    assert "verdict/text_summary" in found.Tags()["tensors"]
