"""Made-up instructions, as many as are asked for: of few words in many orders, or of many words."""

import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from typing import Literal

Kind = Literal["templates", "open"]
REMEMBERED = 10_000
VOCABULARY = 50_000


def phrases(text: str) -> list[str]:
    """The parts between semicolons."""
    return text.split(";")


VERBS = phrases(
    "Write;Draft;Compose;Explain;Summarise;Translate;Rewrite;List;Describe;Compare;Suggest;Outline;"
    "Classify;Rank;Correct;Shorten;Expand;Convert;Plan;Review;Estimate;Prove;Name;Design;Evaluate"
)
THINGS = phrases(
    "a short letter;an email;a poem;a recipe;a plan;three questions;a product description;a story;"
    "a formal complaint;an apology;the main argument;five synonyms;a weekly schedule;a budget;"
    "a regular expression;a SQL query;the moral;a headline;a riddle;two counterexamples;a slogan;"
    "step by step instructions;a glossary;the most likely cause;a polite refusal;a checklist"
)
TOPICS = phrases(
    "a delayed refund;the water cycle;learning the violin;a vegetarian dinner;prime numbers;"
    "remote teams;the French Revolution;a broken dishwasher;home insurance;climbing safely;"
    "sorting a list;a lost parcel;photosynthesis;negotiating a salary;a city without cars;"
    "the rules of chess;old bridges;a rainy weekend;exam nerves;growing tomatoes;black holes;"
    "a two week trip;sleeping better;open source licences;a quarrel between neighbours"
)
READERS = phrases(
    "a child;a new colleague;an angry customer;a retired teacher;someone in a hurry;my landlord;"
    "a panel of experts;first-year students;a nurse on night shift;people who distrust statistics;"
    "a travelling salesman;the board;readers of a local newspaper;a robot;your younger self"
)
LIMITS = phrases(
    "in fewer than fifty words;without using the letter e;as a table with two columns;in rhyme;"
    "with one concrete example for each point;in the tone of a weather report;and say what you"
    " left out;using only facts from the text below;and keep the numbers unchanged;in plain words;"
    "as if it were the year 1900;so that it can be read aloud in a minute;and end with a question"
)
SYLLABLES = phrases(
    "ba;cor;del;fi;gra;hul;is;jo;ka;lem;mor;ni;os;pra;qui;ra;sel;tu;vel;wen;yor;zim"
)
WEIGHTS = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
"""Zipf's law: the frequency of a word falls with its rank."""


def make_texts(count: int, kind: Kind, rng: random.Random) -> Iterator[str]:
    """Instructions of 6 to 40 words; one in four is an earlier one, perturbed.

    `templates` are made of some 700 words and 10,000 names, as if one teacher wrote them all from
    few seeds; `open` ones are of 50,000 words that are used as words are.
    """
    made: list[str] = []
    one = {"templates": template, "open": sentence}[kind]
    for _ in range(count):
        text = perturb(rng.choice(made), rng) if made and rng.random() < 0.25 else one(rng)
        if len(made) < REMEMBERED:
            made.append(text)
        else:
            made[rng.randrange(REMEMBERED)] = text
        yield text


def sentence(rng: random.Random) -> str:
    """One instruction of an open vocabulary."""
    ranks = (bisect(WEIGHTS, rng.random() * WEIGHTS[-1]) for _ in range(rng.randint(6, 30)))
    return " ".join([rng.choice(VERBS), *map(word, ranks)])


def word(rank: int) -> str:
    """A word by its rank; common words are short."""
    spelled = SYLLABLES[rank % len(SYLLABLES)]
    while rank := rank // len(SYLLABLES):
        spelled += SYLLABLES[rank % len(SYLLABLES)]
    return spelled


def template(rng: random.Random) -> str:
    """One instruction of a template."""
    name = "".join(rng.choices(SYLLABLES, k=3)).capitalize()
    parts = [rng.choice(VERBS), rng.choice(THINGS), "about", rng.choice(TOPICS)]
    optional = (
        f"for {rng.choice(READERS)}",
        f"who works at {name}",
        rng.choice(LIMITS),
        f"and mention {rng.choice(TOPICS)}",
        f"as {rng.choice(READERS)} from {name} would",
        rng.choice(LIMITS),
    )
    parts += [part for part in optional if rng.random() < 0.5]
    return f"{' '.join(parts)}{rng.choice('.?!')}"


def perturb(text: str, rng: random.Random) -> str:
    """One to six words of a text replaced, dropped, doubled or moved."""
    tokens = text.split()
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(tokens))
        other = rng.randrange(len(tokens))
        match rng.randrange(4):
            case 0:
                tokens[place] = rng.choice(rng.choice((VERBS, THINGS, TOPICS, READERS))).lower()
            case 1 if len(tokens) > 4:
                del tokens[place]
            case 2:
                tokens.insert(other, tokens[place])
            case _:
                tokens.insert(other, tokens.pop(place))
    return " ".join(tokens)
