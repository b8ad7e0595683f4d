import pytest

from selfinstruct.config import GenerateConfig, PromptsConfig, parse_config
from selfinstruct.errors import UserError

PLAIN = {"seeds": {"path": "x"}, "teacher": {"backend": "program", "name": "m:f"}}


def test_a_prompt_is_used_at_a_number_or_a_label() -> None:
    cfg = PromptsConfig.model_validate({"use": {"a/b": 7, "a/c": "production"}})
    assert cfg.use == {"a/b": 7, "a/c": "production"}


def test_where_prompts_are_is_no_identity_and_which_share_a_recipe_is() -> None:
    plain = parse_config(PLAIN)
    moved = parse_config({**PLAIN, "prompts": {"folder": "x", "use": {"a/b": 7}}})
    assert moved.identity == plain.identity
    arms = {"generate": {"arms": {"a/b@7": 0.7, "a/b@8": 0.3}}}
    assert parse_config({**PLAIN, **arms}).identity != plain.identity


@pytest.mark.parametrize("weight", [0, -1, "nan", "inf"])
def test_an_arm_has_a_weight(weight: object) -> None:
    with pytest.raises(ValueError, match=r"arms\.a/b@7"):
        GenerateConfig.model_validate({"arms": {"a/b@7": weight}})


def test_an_unknown_key_suggests_one() -> None:
    with pytest.raises(UserError, match="did you mean folder"):
        parse_config({**PLAIN, "prompts": {"foldr": "x"}})
