from typing import Any

import pytest

from selfinstruct.cli.merge import print_merged


def test_what_was_checked_is_told_and_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    done: dict[str, Any] = {
        "folder": "m",
        "student": "round-1",
        "run": "runs/\x1b[2Jt",
        "base": "bundled",
        "base_digest": "b" * 64,
        "adapter_digest": "a" * 64,
        "parameters": 134_500_000,
        "dtype": "float32",
        "likeness": {"prompts": 4, "logits": 1.7e-6, "equal_answers": 4},
        "readers": {"vllm": "not run; [bold]"},
    }
    print_merged(done)
    told = capsys.readouterr().out
    assert "runs/\\x1b[2Jt, merged" in told
    assert "134.5 million parameters in float32" in told
    assert "logits within 1.7e-06 of the largest, 4 of 4 greedy answers equal" in told
    assert "not run; [bold]" in told
    assert "b" * 17 not in told
