"""What models write where a conversation was asked for, case by case, and the laws for any text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import SpeakersConfig
from selfinstruct.recipes.parse_dialogue import read_dialogues, read_turn
from selfinstruct.types import Message

SPEAKERS = SpeakersConfig()
ASKED = ("Where is my card?", "On its way.")
LONGER = (*ASKED, "When was it sent?", "On Monday.")

ONE = {
    "plain": ("User: Where is my card?\nAssistant: On its way.", ASKED),
    "other names": ("Customer: Where is my card?\nAgent: On its way.", ASKED),
    "two words": ("Client: Where is my card?\nCustomer Support: On its way.", ASKED),
    "three words": (
        "Caller: Where is my card?\nCustomer Service Representative: On its way.",
        ASKED,
    ),
    "underscores": ("user: Where is my card?\nsupport_agent: On its way.", ASKED),
    "capitals": ("CUSTOMER: Where is my card?\nAGENT: On its way.", ASKED),
    "bold with the colon": ("**User:** Where is my card?\n**Assistant:** On its way.", ASKED),
    "bold without the colon": ("**User**: Where is my card?\n**Assistant**: On its way.", ASKED),
    "italics": ("*User:* Where is my card?\n_Assistant:_ On its way.", ASKED),
    "underlined": ("__User__: Where is my card?\n__Assistant__: On its way.", ASKED),
    "all bold": ("**User: Where is my card?**\n**Assistant: On its way.**", ASKED),
    "headings": ("### User\nWhere is my card?\n\n### Assistant\nOn its way.", ASKED),
    "headings with colons": ("## User:\nWhere is my card?\n## Agent:\nOn its way.", ASKED),
    "alone on a line": ("User\nWhere is my card?\nAssistant\nOn its way.", ASKED),
    "bold and alone": ("**User**\n\nWhere is my card?\n\n**Agent**\n\nOn its way.", ASKED),
    "brackets": ("[User] Where is my card?\n[Assistant] On its way.", ASKED),
    "brackets and colons": ("[User]: Where is my card?\n[Assistant]: On its way.", ASKED),
    "tags": ("<user>Where is my card?</user>\n<assistant>On its way.</assistant>", ASKED),
    "tags on lines": (
        "<user>\nWhere is my card?\n</user>\n<assistant>\nOn its way.\n</assistant>",
        ASKED,
    ),
    "numbered": ("1. User: Where is my card?\n2. Assistant: On its way.", ASKED),
    "numbered in bold": ("1) **User:** Where is my card?\n2) **Agent:** On its way.", ASKED),
    "turns": ("Turn 1 - User: Where is my card?\nTurn 2 - Assistant: On its way.", ASKED),
    "turns in brackets": ("Turn 1 (User): Where is my card?\nTurn 2 (Agent): On its way.", ASKED),
    "numbers after": ("User 1: Where is my card?\nAssistant 1: On its way.", ASKED),
    "bullets": ("- Customer: Where is my card?\n- Agent: On its way.", ASKED),
    "quoted lines": ("> Customer: Where is my card?\n> Agent: On its way.", ASKED),
    "times": ("[10:02] Customer: Where is my card?\n[10:03 AM] Agent: On its way.", ASKED),
    "times and dashes": ("10:02 - Customer: Where is my card?\n10:03 - Agent: On its way.", ASKED),
    "dashes": ("User - Where is my card?\nAssistant — On its way.", ASKED),
    "full-width colons": ("User\uff1aWhere is my card?\nAssistant\uff1aOn its way.", ASKED),
    "quotes": ('User: "Where is my card?"\nAssistant: “On its way.”', ASKED),
    "says": ('User says: "Where is my card?"\nAgent replies: "On its way."', ASKED),
    "no space": ("User:Where is my card?\nAssistant:On its way.", ASKED),
    "names of people": ("Customer (Anna): Where is my card?\nAgent (Tom): On its way.", ASKED),
    "roles of people": ("Anna (customer): Where is my card?\nTom (agent): On its way.", ASKED),
    "agent Tom": ("Customer Anna: Where is my card?\nAgent Tom: On its way.", ASKED),
    "a first name": ("Anna: Where is my card?\nAgent: On its way.", ASKED),
    "an agent's first name": (
        "User: Where is my card?\nTom: On its way.\nUser: When was it sent?\nTom: On Monday.",
        LONGER,
    ),
    "moods": ("Customer (angry): Where is my card?\nAgent [calm]: On its way.", ASKED),
    "carriage returns": ("User: Where is my card?\r\nAssistant: On its way.\r\n", ASKED),
    "blank lines": ("\n\nUser: Where is my card?\n\n\nAssistant: On its way.\n\n", ASKED),
    "preamble": (
        "Sure! Here is a conversation:\n\nUser: Where is my card?\nAssistant: On its way.",
        ASKED,
    ),
    "a title": ("**Title: A lost card**\n\nUser: Where is my card?\nAgent: On its way.", ASKED),
    "a scene": (
        "Scenario: lost\nPersona: in a hurry\n---\nUser: Where is my card?\nAgent: On its way.",
        ASKED,
    ),
    "a fence": ("```\nUser: Where is my card?\nAssistant: On its way.\n```", ASKED),
    "a fence with a language": (
        "Here:\n```text\nUser: Where is my card?\nAssistant: On its way.\n```\nEnjoy!",
        ASKED,
    ),
    "ChatML": (
        "<|im_start|>user\nWhere is my card?<|im_end|>\n"
        "<|im_start|>assistant\nOn its way.<|im_end|>",
        ASKED,
    ),
    "Llama": (
        "<|start_header_id|>user<|end_header_id|>\n\nWhere is my card?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nOn its way.<|eot_id|>",
        ASKED,
    ),
    "one paragraph": (
        "User: Where is my card? Assistant: On its way. User: When was it sent? "
        "Assistant: On Monday.",
        LONGER,
    ),
    "bold in one paragraph": (
        "**User:** Where is my card? **Assistant:** On its way.",
        ASKED,
    ),
    "ends with the user": ("User: Where is my card?\nAgent: On its way.\nUser: Thanks!", ASKED),
    "ends with an empty name": ("User: Where is my card?\nAgent: On its way.\nUser:", ASKED),
    "begins with a greeting": (
        "Agent: Hello, how can I help?\nUser: Where is my card?\nAgent: On its way.",
        ASKED,
    ),
    "begins with a system message": (
        "System: Be brief.\nUser: Where is my card?\nAssistant: On its way.",
        ASKED,
    ),
    "two turns of one": (
        "User: Hello.\nUser: Where is my card?\nAgent: One moment.\nAgent: On its way.",
        ("Hello.\nWhere is my card?", "One moment.\nOn its way."),
    ),
    "a narrator between": (
        "User: Where is my card?\nNarrator: The agent looks it up.\nAgent: On its way.",
        ASKED,
    ),
    "stage directions at the start": (
        "User: (angrily) Where is my card?\nAgent: *sighs* On its way.",
        ASKED,
    ),
    "stage directions at the end": (
        "User: Where is my card? [pauses]\nAgent: On its way. *smiles*",
        ASKED,
    ),
    "stage directions on lines": (
        "[The phone rings]\nUser: Where is my card?\n(The agent checks the account)\n"
        "Agent: On its way.\n[End of call]",
        ASKED,
    ),
    "a turn of nothing but a direction": (
        "User: Where is my card?\nAgent: One moment.\nUser: [waits]\nAgent: On its way.",
        (ASKED[0], "One moment.\nOn its way."),
    ),
    "an empty turn": (
        "User: Where is my card?\nAgent:\nUser: Hello?\nAgent: On its way.",
        (ASKED[0], "", "Hello?", "On its way."),
    ),
    "rules": ("User: Where is my card?\n---\nAgent: On its way.\n***\n", ASKED),
    "the end": ("User: Where is my card?\nAgent: On its way.\n\n[End of conversation]", ASKED),
    "a note": (
        "User: Where is my card?\nAgent: On its way.\n\nNote: this conversation is polite.",
        ASKED,
    ),
    "the agent's own note": (
        "User: Where is my card?\nAgent: On its way.\n\nNote: it takes two days.",
        (ASKED[0], "On its way.\n\nNote: it takes two days."),
    ),
    "code in an answer": (
        "User: Show me bold\nAgent: So:\n```html\n<b>bold</b>\n```",
        ("Show me bold", "So:\n```html\n<b>bold</b>\n```"),
    ),
    "an outcome": ("User: Where is my card?\nAgent: On its way.\n\n**Outcome:** solved.", ASKED),
    "chatter": (
        "User: Where is my card?\nAgent: On its way.\n\n"
        "Let me know if you want another conversation!",
        ASKED,
    ),
    "the agent's own last words": (
        "User: Where is my card?\nAgent: On its way.\n\nLet me know if there is more.",
        (ASKED[0], "On its way.\n\nLet me know if there is more."),
    ),
    "several lines": (
        "User: Two things:\n1. my card\n2. my fee\nAgent: Both:\n- on its way\n- paid back",
        ("Two things:\n1. my card\n2. my fee", "Both:\n- on its way\n- paid back"),
    ),
    "brackets that are words": (
        "User: [Name] charged me (twice) today\nAgent: Call (555) 123 [ask for Tom]",
        ("[Name] charged me (twice) today", "Call (555) 123 [ask for Tom]"),
    ),
    "stress that is words": (
        "User: *Please* help, it is *urgent*\nAgent: *Yes* at once.",
        ("*Please* help, it is *urgent*", "*Yes* at once."),
    ),
    "lines that look like names": (
        "User: What is on it?\nAgent: This:\nCustomer ID: 12\nTotal: 5 euros\nDate: May 3",
        ("What is on it?", "This:\nCustomer ID: 12\nTotal: 5 euros\nDate: May 3"),
    ),
    "a name inside a sentence": (
        "User: As a customer: why?\nAgent: Any user: it is the rule.",
        ("As a customer: why?", "Any user: it is the rule."),
    ),
    "an address": (
        "User: http://a.example: mine?\nAgent: Yes.",
        ("http://a.example: mine?", "Yes."),
    ),
    "emoji": ("User: \U0001f600\nAgent: \U0001f44d", ("\U0001f600", "\U0001f44d")),
    "right to left": ("User: \u200fكم\nAgent: \u200fنعم", ("\u200fكم", "\u200fنعم")),
    "mixed scripts": ("User: 卡 где?\nAgent: на пути 途中", ("卡 где?", "на пути 途中")),
    "lone surrogates and NUL": ("User: a\ud83d\nAgent: b\0", ("a\ud83d", "b\0")),
    "JSON": (
        '[{"role": "user", "content": "Where is my card?"},'
        ' {"role": "assistant", "content": "On its way."}]',
        ASKED,
    ),
    "JSON in an object and a fence": (
        '```json\n{"messages": [{"role": "system", "content": "Be brief."},'
        ' {"from": "Customer", "value": "Where is my card?"},'
        ' {"speaker": "agent", "text": "On its way."}]}\n```',
        ASKED,
    ),
}


@pytest.mark.parametrize(("text", "turns"), ONE.values(), ids=ONE)
def test_a_conversation_is_read_as_it_was_meant(text: str, turns: tuple[str, ...]) -> None:
    (talk,) = read_dialogues(text, SPEAKERS)
    assert tuple(turn.content for turn in talk) == turns
    roles = [turn.role for turn in talk]
    assert roles == ["user", "assistant"] * (len(talk) // 2)


NONE = {
    "empty": "",
    "blanks": " \n\t\n",
    "prose": "The customer asked where the card was and the agent told her.",
    "a table": "| User | Where is my card? |\n| Assistant | On its way. |",
    "numbers alone": "1. Where is my card?\n2. On its way.",
    "one speaker": "User: Where is my card?\nUser: Hello?",
    "answers alone": "Agent: Hello.\nAgent: Hello?",
    "the user last and alone": "Agent: Hello.\nUser: Where is my card?",
    "unknown names": "Anna: Where is my card?\nTom: On its way.",
    "two unknown beside one": "User: Hi\nAnna: Hi\nTom: Hi\nAnna: Yes\nTom: No",
    "a system message alone": "System: Be brief.",
    "an array of text": '["Where is my card?", "On its way."]',
    "JSON of an unknown role": '[{"role": "user", "content": "a"}, {"role": "x", "content": "b"}]',
    "JSON without words": '[{"role": "user", "content": 3}, {"role": "assistant", "content": "b"}]',
    "JSON of nothing": "[]",
    "JSON too deep": "[" * 100_000,
    "JSON of a huge number": "[" + "9" * 100_000 + "]",
    "one repeated word": "user " * 1000,
}


@pytest.mark.parametrize("text", NONE.values(), ids=NONE)
def test_what_is_no_conversation_is_none(text: str) -> None:
    assert read_dialogues(text, SPEAKERS) == ()


@pytest.mark.parametrize(
    "border",
    [
        "Conversation 2:",
        "### Dialogue 2",
        "**Scenario 2: a fee**",
        "Example 2",
        "Another conversation:\n",
        "---\n\n**Conversation #2**\n",
    ],
)
def test_several_conversations_of_one_answer_are_told_apart(border: str) -> None:
    text = f"Conversation 1:\nUser: a\nAgent: b\n\n{border}\nUser: c\nAgent: d\nUser: e"
    talks = read_dialogues(text, SPEAKERS)
    assert [[turn.content for turn in talk] for talk in talks] == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize("line", ["Example 2", "Conversation: it is free", "Scenario 1: none"])
def test_a_heading_inside_a_turn_is_words(line: str) -> None:
    (talk,) = read_dialogues(f"User: a\nAgent: b\n{line}\nstill b\nUser: c\nAgent: d", SPEAKERS)
    assert talk[1].content == f"b\n{line}\nstill b"


def test_names_of_other_languages_are_configured() -> None:
    german = SpeakersConfig(user=("Kundin", "Kunde"), assistant=("Mitarbeiter",))
    text = "**Kunde:** Wo ist meine Karte?\nMITARBEITER: Unterwegs."
    assert read_dialogues(text, german) == (
        (Message("user", "Wo ist meine Karte?"), Message("assistant", "Unterwegs.")),
    )
    chinese = SpeakersConfig(user=("客户",), assistant=("客服",))
    (talk,) = read_dialogues("客户\uff1a卡在哪里\n客服\uff1a在路上", chinese)
    assert [turn.content for turn in talk] == ["卡在哪里", "在路上"]
    assert read_dialogues("User: a\nAgent: b", german) == ()


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("Where is my card?", "Where is my card?"),
        ("User: Where is my card?", "Where is my card?"),
        ('**Customer:** "Where is my card?"', "Where is my card?"),
        ("Where is my card?\nAgent: On its way.\nUser: Thanks", "Where is my card?"),
        ("User: Where is my card?\nAgent: On its way.", "Where is my card?"),
        ("(angrily) Where is my card?", "Where is my card?"),
        ("<|im_start|>user\nWhere is my card?<|im_end|>", "Where is my card?"),
        ("Two things:\n1. a\n2. b", "Two things:\n1. a\n2. b"),
        ("Assistant: Where is your card?\nUser: Here", None),
        ("System: Be brief.", None),
        ("", None),
        ("...", None),
        ("[waits]", None),
        ("User:", None),
    ],
)
def test_one_turn_is_read_with_or_without_its_name(text: str, turn: str | None) -> None:
    assert read_turn(text, "user", SPEAKERS) == (() if turn is None else (turn,))


PIECES = st.sampled_from(
    [
        *("User:", "**Agent:**", "### User", "[Assistant]", "1. Customer -", "Anna:", "System:"),
        *("\n", "\n\n", " ", "---", "(sighs)", "*smiles*", "[End]", "```", "<|im_end|>", "</user>"),
        *(
            "Conversation 2:",
            "Note: this conversation",
            '"',
            "**",
            "a word.",
            "Yes?",
            "\0",
            "\u200f",
        ),
        *("卡", "\U0001f600", "[{", "10:02 AM"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join)


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(TEXTS)
def test_every_line_of_a_turn_is_a_piece_of_the_text(text: str) -> None:
    whole = squeezed(text)
    for talk in read_dialogues(text, SPEAKERS):
        for turn in talk:
            assert all(squeezed(line) in whole for line in turn.content.splitlines())
            assert turn.content == turn.content.strip()


@given(TEXTS)
def test_every_conversation_goes_from_a_question_to_an_answer(text: str) -> None:
    for talk in read_dialogues(text, SPEAKERS):
        assert [turn.role for turn in talk] == ["user", "assistant"] * (len(talk) // 2)
        assert talk


@given(TEXTS, st.sampled_from(["user", "assistant"]))
def test_a_single_turn_has_words_or_is_none(text: str, who: str) -> None:
    for turn in read_turn(text, who, SPEAKERS):  # type: ignore[arg-type]
        assert any(map(str.isalnum, turn))


SAID = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(SAID, SAID), min_size=1, max_size=5), st.sampled_from(["lines", "json"]))
def test_what_is_shown_to_a_teacher_is_read_back_as_it_was(
    exchanges: list[tuple[str, str]], form: str
) -> None:
    talk = tuple(
        message
        for asked, answered in exchanges
        for message in (Message("user", f"a {asked}"), Message("assistant", f"b {answered}"))
    )
    names = {"user": "User", "assistant": "Assistant"}
    written = "\n".join(f"{names[turn.role]}: {turn.content}" for turn in talk)
    if form == "json":
        written = json.dumps([{"role": turn.role, "content": turn.content} for turn in talk])
    assert read_dialogues(written, SPEAKERS) == (talk,)


def test_a_flood_is_read_whole() -> None:
    flood = "word " * 100_000
    (talk,) = read_dialogues(f"User: {flood}\nAgent: {flood}", SPEAKERS)
    assert [turn.content for turn in talk] == [flood.strip()] * 2
    rows = "User: Hi\nAgent: Yes?\n" * 1000
    (talk,) = read_dialogues(rows, SPEAKERS)
    assert len(talk) == 2000
