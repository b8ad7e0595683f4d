from typing import Any

import pytest

from selfinstruct.cli.replay_text import print_replay

ANSWER = {"text": "blue", "finish_reason": "stop", "error": ""}


def turn(content: str, role: str = "user") -> dict[str, str]:
    return {"role": role, "content": content}


def pair(**changes: Any) -> dict[str, Any]:
    sent = [turn("name a colour"), turn("red", "assistant"), turn("name another one")]
    return {
        "id": "call-1",
        "prompt": "few_shot/ask.j2@abc",
        "asked_by": "few_shot/ask@3",
        "asked_of": "m",
        "asked_with": {"temperature": 0.2},
        "sent": sent,
        "messages": sent,
        "old": ANSWER,
        "new": ANSWER,
        **changes,
    }


def told(capsys: pytest.CaptureFixture[str], *pairs: dict[str, Any], **found: Any) -> str:
    estimate = {"likely_tokens": 1500, "worst_tokens": 9, "likely_cost": None}
    print_replay(
        {
            "calls": pairs,
            "dry_run": False,
            "model": "m",
            "prompt": {"name": "few_shot/ask@3"},
            "estimate": estimate,
            "same": 1,
            "summary": None,
            **found,
        }
    )
    return capsys.readouterr().out


def test_turns_that_stay_are_counted_and_the_others_marked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    new = [turn("name a colour"), turn("red", "assistant"), turn("name two\nothers"), turn("go")]
    out = told(capsys, pair(messages=new))
    assert "… 2 turns that stay" in out
    assert "[-another one-]" in out
    assert "[+two" in out
    assert "[+[user] go+]" in out
    assert "now by few_shot/ask@3" in out


def test_a_prompt_that_stays_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, pair())
    assert out.count("name another one") == 1
    assert "prompt, as it was sent" in out


@pytest.mark.parametrize(
    ("dry_run", "prompt", "shown"),
    [(False, None, False), (False, {}, False), (True, None, False), (True, {}, True)],
)
def test_of_several_calls_prompts_are_shown_where_they_are_what_is_looked_at(
    capsys: pytest.CaptureFixture[str], *, dry_run: bool, prompt: object, shown: bool
) -> None:
    new = {"new": None} if dry_run else {}
    out = told(capsys, pair(**new), pair(**new), dry_run=dry_run, prompt=prompt)
    assert ("name another one" in out) == shown
    assert ("1,500 tokens" in out) == dry_run


def test_a_round_ends_with_old_and_new_in_figures(capsys: pytest.CaptureFixture[str]) -> None:
    old = {"asked": 8, "read": 7, "candidates": 20, "kept": 12, "unknown": 0, "reasons": {"a": 8}}
    new = {"asked": 8, "read": 8, "candidates": 18, "kept": 15, "unknown": 2, "reasons": {"b": 3}}
    summary: dict[str, Any] = {
        "old": {"prompt_tokens": 1234, "completion_tokens": 5, "round": old},
        "new": {"prompt_tokens": 999, "completion_tokens": 6, "round": new},
    }
    lines = [line.split() for line in told(capsys, pair(), pair(), summary=summary).split("\n")]
    for line in (
        "tokens read 1,234 999",
        "answers read whole 7 of 8 8 of 8",
        "candidates of the round 20 18",
        "kept by the filters 12 15",
        "dropped as a 8 0",
        "dropped as b 0 3",
        "would need another answer 0 2",
    ):
        assert line.split() in lines
    for side in summary.values():
        side["round"] = None
    out = told(capsys, pair(), pair(), summary=summary)
    assert "no recipe reads these answers" in out
    assert "kept" not in out


def test_nothing_of_a_prompt_reaches_the_terminal_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = told(capsys, pair(messages=[turn("\x1b]0;title\x07 \u202e")]))
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert "\\x1b]0;title" in out
