# ruff: noqa: RUF001 - apostrophes of other keyboards are what is tested here
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.filters.refusals import HINTS, REFUSAL, find_offer, find_refusal
from selfinstruct.text import normalise


@pytest.mark.parametrize(
    "text",
    [
        "As an AI language model, I cannot browse the web.",
        "As an AI, I can't help",
        "I'm sorry, but I can't assist with that.",
        "I’m sorry, but I can’t help with that request.",
        "I’M SORRY, BUT I CANNOT COMPLY.",
        "I'm sorry, but I can't.",
        "I'm afraid I can't help with that.",
        "I apologize, but I cannot fulfill this request.",
        "I understand, but I cannot fulfil your request as it goes against the law.",
        "I cannot answer this question.",
        "Sorry, I can't do that.",
        "Unfortunately, I can't help you with that.",
        "I'm unable to assist you with this request.",
        "I am not able to comply with that request.",
        "I must respectfully decline.",
        "I cannot engage in this type of conversation.",
        "I cannot provide medical advice.",
        "I can't create images.",
        "I won't write that kind of content.",
        "I am not comfortable writing about this.",
        "It is against my guidelines to do so",
        "I'm just a language model, so I have no opinion.",
        "I am an AI assistant and do not have feelings",
        "The answer depends. As a large language model trained by a company, I have no view.",
        "I do not have access to real-time information.",
        "as a chatbot, I'm unable to help with that",
        "As a chatbot, I don't have access to your account.",
        "I'm sorry, but as a bot I can't see your orders.",
        "As your virtual assistant, I cannot access personal data.",
        "As an automated system, I am not permitted to say.",
        "Being a chatbot, I lack a view of your account",
        "I'm just a chatbot, so please call the bank.",
        "I am only a virtual assistant.",
        "I'm a chatbot and cannot open your account.",
        "I am a digital assistant, so I do not have a card.",
        "As a text-based AI, I can't see it.",
        "I'm not able to help with that at this time.",
        "I can't help with that right now",
        "I cant help with that.",
        "I regret that I cannot assist with this.",
        "I'm sorry to say that I can't help with that.",
        "My purpose is to be useful, so I can't help with that.",
        "I won't be able to help you with that request.",
        "I wouldn't be able to assist with that.",
        "I'm unable to help you with this request because it is against the rules.",
        "I'm not programmed to answer that.",
        "I am not designed to discuss this topic.",
        "I'm not in a position to help with that.",
        "I am not capable of answering that question.",
        "I'm incapable of fulfilling this request.",
        "I'm unable to complete this task.",
        "I can't continue this conversation.",
        "I am unable to write messages like that.",
        "I'd rather not answer that.",
        "I would prefer not to respond to this request.",
        "I must refuse this request.",
        "I do not have the ability to help with that.",
        "I don't have the capability to browse the web.",
        "My programming does not allow me to answer.",
        "It is not possible for me to help with that.",
    ],
)
def test_a_refusal_is_known_by_some_of_its_words(text: str) -> None:
    found = find_refusal(text)
    assert found and found in normalise(text).replace("’", "'")


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry you were charged twice; I have refunded it",
        "I cannot see the receipt, could you resend it?",
        "I'm sorry, I can't find an order under that number; could you check it?",
        "Unfortunately we cannot refund purchases after 30 days.",
        "I am unable to locate your account with this email.",
        "I can't open the attachment, please send it as a PDF.",
        "We cannot help with customs fees; please contact the carrier.",
        "I'm sorry, but I cannot issue a second refund for the same invoice.",
        "I'm sorry, but I can't process this until the card is verified.",
        "I cannot fulfil your request for a refund because the order was used.",
        "I am unable to provide a refund to a different card.",
        "I can't do that without your account number.",
        "I can't answer this until the bank replies.",
        "I can't help but notice that you paid twice.",
        "I cannot change the plan this month, but it can start on the 1st.",
        "My apologies for the delay: the refund is on its way.",
        "If your bank can't help with that, tell me and I will.",
        'She wrote: "I can\'t help you with that."',
        "I am an AI researcher at a small company.",
        "As an AI engineer, I design models.",
        "A language model predicts the next word.",
        "I'm unable to log in",
        "I cant log in since this morning",
        "I'm not able to complete this payment, it stops at the last step",
        "I want to transfer money, but I couldn't.",
        "we are unable to refund fees older than 60 days",
        "I am unable to refund fees older than 60 days.",
        "I'm sorry, we are not able to help with that fee; your bank charges it.",
        "I can't help with that until your card is verified.",
        "I won't be able to pay before Friday.",
        "I'm not in a position to pay the fee today.",
        "I don't have the ability to pay by card where I live.",
        "I don't have access to the other bank's records, so I have asked them.",
        "It is not possible for me to visit the branch.",
        "I would prefer not to change my number.",
        "I'd rather not answer the phone, please write to me.",
        "I must refuse this charge.",
        "Am I talking to a bot? I want to talk to a person.",
        "Your chatbot can't help with that, it said.",
        "As a student, I cannot pay the whole fee.",
        "As a chatbot developer, I cannot see my invoices.",
        "As a virtual assistant, I book flights for two lawyers.",
        "I am a virtual assistant to two lawyers.",
        "I'm just a botanist with one question.",
        "My guidelines for the new budget are below.",
        "An automated agent told me to wait.",
    ],
)
def test_what_customers_and_agents_honestly_write_is_none(text: str) -> None:
    assert find_refusal(text) is None


@given(st.from_regex(REFUSAL))
def test_every_refusal_holds_a_hint_of_it(text: str) -> None:
    assert any(hint in text for hint in HINTS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I'm ready to help. What task is this?", "i'm ready to help"),  # SmolLM2-135M, `evolve`
        ("I'd like to assist you with your editing needs, but I", "i'd like to assist you"),
        ("Of course! I’m here to help.", "of course! i'm here to help"),
        ("Hello, how can I assist you today?", "hello, how can i assist you"),
    ],
)
def test_a_question_that_offers_help_is_known_by_its_opening(text: str, words: str) -> None:
    assert find_offer(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "Rewrite it as a pun: how can I help you?",
        "I'm here to pick up my card",
        "How can I help my son to pay his bill?",
        "I would like to ask for help with a fee",
        "I am happy with the card, thanks",
        "Hi, I was told that you are here to help?",
    ],
)
def test_what_people_ask_offers_no_help(text: str) -> None:
    assert find_offer(text) is None
