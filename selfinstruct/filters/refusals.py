"""Words that decline a request, that speak of being a language model or, in a question, offer help;
English only.

People write much that comes near: "I cannot see the receipt", "I can't help but notice". So a
refusal is known by its verb and its object together, and an assistant by what it cannot do.
"""

import re

from selfinstruct.text import normalise

END = r"(?: (?:at this time|at the moment|right now))?(?=[.,;!]|$)"
AN_AI = (
    r"an? (?:(?:helpful|conversational|generative|text[- ]based|responsible) )?"
    r"(?:ai|artificial intelligence|(?:large )?language model)"
    r"(?: (?:language model|model|assistant|chatbot|bot|system|program))*"
)
# People are virtual assistants, and write bots: these count only beside what they cannot do.
A_BOT = (
    r"(?:an?|your) (?:chat ?bot|bot"
    r"|(?:virtual|digital|automated|text[- ]based) (?:assistant|agent|chatbot|system))"
)
JUST = r"(?:just|only|merely|simply)"
AND_SO_ON = (
    r"(?=[.,;:!]|$| (?:and|so|that|which|without|developed|created|trained|designed|made|built)\b)"
)
CANNOT = (
    r"(?: can't| cant| cannot| can not| won't| will not| refuse to"
    r"|(?: won't| will not| wouldn't| would not) be able to"
    r"|(?:'m| am) (?:unable|not able|not allowed|not permitted|not programmed|not designed"
    r"|not in a position) to)"
)
THE_REQUEST = (
    r"(?:that|this|your|such|the|these|those)(?: (?:kind|type|sort) of| \w+)?"
    r" (?:request|question|prompt|task|topic|conversation|content|activity)s?"
)
IT = rf"(?:that|this|it|{THE_REQUEST})"
BECAUSE = r" (?:as|because|since) (?:it|that|this|i)\b"
# What follows "I" where a refusal opens. It takes a verb of serving and an object that is the
# request itself: "I cannot see the receipt" and "I can't help but notice" are answers.
DECLINES = (
    rf"{CANNOT}[.!]?$",
    rf"{CANNOT} (?:help|assist)(?: you)?(?: (?:with|in) {IT})?{END}",
    rf"{CANNOT} (?:help|assist)(?: you)? (?:with|in) {THE_REQUEST}{BECAUSE}",
    rf"{CANNOT} comply\b",
    rf"{CANNOT} (?:do|answer|respond to|discuss) (?:that|this)[.!]?$",
    rf"{CANNOT} (?:fulfill?|answer|respond to|engage (?:in|with)|participate in|discuss|perform"
    rf"|complete|continue(?: with)?) {THE_REQUEST}(?:{END}|{BECAUSE})",
    rf"{CANNOT} (?:provide|give|offer|generate|create|write|produce|share)(?: \w+){{0,4}}?"
    r" (?:content|material|images?|advice|opinions?|guidance)\b",
    rf"{CANNOT} (?:generate|create|write|produce)(?: \w+){{1,3}} like (?:that|this){END}",
    r"(?:'m| am) (?:not capable of|incapable of)"
    rf" (?:answering|assisting with|fulfill?ing|helping with|responding to) {IT}{END}",
    rf"(?:'d| would) (?:rather not|prefer not to) (?:answer|respond to) {IT}{END}",
    r" (?:must|have to|will have to)(?: respectfully| politely)? decline\b",
    rf" (?:must|have to|will have to)(?: respectfully| politely)? refuse {THE_REQUEST}",
    r"(?:'m| am) not comfortable (?:with )?(?:writing|creating|generating|answering|discussing)",
    r" (?:do not|don't) have the (?:ability|capability|capacity) to"
    rf" (?:help|assist)(?: you)? with {IT}{END}",
)
SPEAKS_AS_AI = (
    rf"\bas {AN_AI}(?: (?:trained|developed|created)\b[^.,]{{0,80}})?,? (?:i|my)\b",
    rf"\bi(?:'m| am) (?:{JUST} )?{AN_AI}{AND_SO_ON}",
    rf"\b(?:as|being) {A_BOT},? i(?:{CANNOT}| (?:do not|don't) have| lack)\b",
    rf"\bi(?:'m| am) {JUST} {A_BOT}{AND_SO_ON}",
    rf"\bi(?:'m| am) {A_BOT},?(?: and| so)(?: i)?(?:{CANNOT}| (?:do not|don't) have)\b",
    r"\bi (?:do not|don't) have (?:feelings|emotions|personal (?:opinions|beliefs|feelings))\b",
    r"\bi (?:do not|don't) have access to (?:real-time|the internet)\b",
    r"\bi (?:do not|don't) have the (?:ability|capability|capacity) to"
    r" (?:browse|access (?:external|real-time|the internet|websites))\b",
    r"\bmy knowledge cut-?off\b",
    r"\bmy (?:programming|guidelines) (?:do not|don't|does not|doesn't) (?:allow|permit|let)\b",
    r"\bagainst my (?:programming|guidelines|principles|ethic)",
    rf"\b(?:not possible|impossible) for me to (?:help|assist)(?: you)? with {IT}{END}",
)
SORRY = r"(?:i(?:'m| am) (?:afraid|sorry)(?: to say)? (?:that )?|i regret (?:to say )?(?:that )?)"
OPENING = rf"^(?:[^?]{{0,80}}(?:[,.;:!]| but) )?(?:(?:but|so|and) )?{SORRY}?i"
REFUSAL = re.compile(rf"{OPENING}(?:{'|'.join(DECLINES)})|{'|'.join(SPEAKS_AS_AI)}")

OFFER = re.compile(
    r"^(?:(?:sure|certainly|of course|absolutely|hello|hi|okay|great|yes)\b[,.!]? )?"
    r"(?:i(?:'m| am) (?:here|ready|happy|glad) to (?:help|assist)\b"
    r"|i(?:'d| would) (?:be (?:happy|glad)|like|love) to (?:help|assist) you\b"
    r"|how (?:can|may) i (?:help|assist) you\b)"
)
"""How a small teacher opens that was to write a question and answers as an assistant instead."""

HINTS = (
    *("can't", "cant", "cannot", "can not", "won't", "will not", "refuse", "decline"),
    *("unable", "not able", "not allowed", "not permitted", "not programmed", "not designed"),
    *("not in a position", "capable of", "possible for me", "not comfortable", "rather not"),
    *("prefer not", "would not be", "wouldn't be", "do not have", "don't have", " lack"),
    *(" ai", "artificial", "language model", "bot", "virtual ", "digital ", "automated "),
    *("text-based", "text based", "my knowledge", "against my", "my programming", "my guidelines"),
)
"""Of these a refusal has one: looking for them takes a tenth of the time of `REFUSAL`."""


def find_refusal(text: str) -> str | None:
    """The words by which a text is one, as `normalise` writes them; None where there are none."""
    said = _said(text)
    found = REFUSAL.search(said) if any(hint in said for hint in HINTS) else None
    return None if found is None else found.group()


def find_offer(text: str) -> str | None:
    """The words by which a question is an assistant's offer of help; None where there are none."""
    found = OFFER.match(_said(text))
    return None if found is None else found.group()


def _said(text: str) -> str:
    return normalise(text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
