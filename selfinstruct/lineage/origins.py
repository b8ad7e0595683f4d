"""Where a row came from: its parents, the calls that wrote it and those that asked about it, what
every filter decided, and what people made of it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from selfinstruct.lineage.nouns import Node, View, call_node
from selfinstruct.rows import Row, to_example, to_rejection
from selfinstruct.settled import STAGE as REVIEW
from selfinstruct.types import UNNEEDED, Example

STEPS: Mapping[str, tuple[str, ...]] = {
    "read from the answer": (
        *("failed_call", "refused", "empty", "truncated", "reasoning", "unreadable", "surplus"),
        *("value_missing", "value_denied", "copied_prompt", "no_gain", "gain_unclear"),
        *("too_few_turns", "too_many_turns"),
    ),
    "duplicate": ("duplicate",),
    "turns": ("uneven_turns", "empty_turn", "repeated_turn"),
    "heuristics": (
        *("garbled", "too_short", "too_long", "banned_word", "banned_start", "bad_first_char"),
        *("repetition", "empty_response", "response_too_short", "response_too_long"),
        *("input_too_long", "dangling_colon", "input_equals_response", "echo", "refusal"),
    ),
    "standards of the real rows": (
        *("foreign_script", "length_outlier", "not_json", "breaks_schema", "breaks_pattern"),
        *("broken_code", "foreign_language"),
    ),
    "contradiction": ("contradiction",),
    "novelty": ("too_similar", "response_too_similar", "same_meaning"),
    "contamination": ("contaminated",),
    "memorisation": ("memorised", "personal_data"),
    "children of one parent": ("too_many_children",),
    "execution": ("no_code", "fails_when_run"),
    "models that look at rows": (
        *("ifd", "nll_outlier", "beyond_context", "label_disagrees", "no_label", "inconsistent"),
        *("round_trip", "low_grade", "unjudged"),
    ),
    "licences": ("license",),
    "still needed": UNNEEDED,
}
"""The filters in the order of `screen`, each with the reasons that it gives."""
GENERATIONS = 2
"""How far parents are followed."""
CALLS = 40
"""How far a row is followed through calls that each went on from the one before: a dialogue has
one for every turn."""
UNLINKED = "asked by an older version, which kept no word of what a call goes on from"


def origins(view: View, fact: Row) -> Iterator[Node]:
    """All that is behind one row, as it stands in one place; nothing behind a real one."""
    if fact["fate"] == "real":
        return
    if fact["fate"] == "edited":
        yield from _candidate(view, fact)
    else:
        yield from _parents(view, fact, GENERATIONS)
        yield from _calls(view, fact)
    yield from _asked_about(view, fact["id"])
    yield _filters(view, fact)
    yield from _reviewed(view, fact)


def _candidate(view: View, edited: Row) -> Iterator[Node]:
    """The candidate that a person wrote anew, with all that is behind it and who did."""
    (id_,) = view.store.words_of(edited)["parents"]
    for fact in view.store.facts_of(id_):
        if fact["round"] == edited["round"] and fact["split"] is None:
            yield Node("candidate", id_, view.told(fact), tuple(origins(view, fact)))
            return


def _parents(view: View, fact: Row, generations: int) -> Iterator[Node]:
    for id_ in view.store.words_of(fact).get("parents", ()):
        found = view.store.facts_of(id_)
        if not found:
            yield Node("parent", id_, {"fate": "not in this ledger"})
            continue
        own = found[0]
        further = own["split"] is None and generations > 1
        nodes = tuple(_parents(view, own, generations - 1)) if further else ()
        yield Node("parent", id_, view.told(own), nodes)


def _calls(view: View, fact: Row) -> Iterator[Node]:
    """The calls that a row's words come from, the first one first: each went on from the one
    before.
    """
    last = fact["attempt"] and view.store.attempt(fact["attempt"])
    if not last:
        return
    chain = [last]
    while len(chain) < CALLS and (before := view.store.calls_before(chain[0]["key"])):
        chain.insert(0, before[0])
    yield from (call_node(call, "call before it") for call in chain[:-1])
    node = call_node(last)
    if last["told"] is None:
        node = Node(node.kind, node.id, {**node.told, "note": UNLINKED})
    yield node


def _asked_about(view: View, id_: str) -> Iterator[Node]:
    """The calls that asked a model about a row: a judge, the way back, another answer, a label."""
    found = view.store.calls_about(id_)
    if found:
        nodes = tuple(_with_answer(call) for call in found[: view.limit])
        yield Node("asked about it", "", {"calls": len(found)}, nodes, len(found) - len(nodes))


def _with_answer(call: Row) -> Node:
    node = call_node(call)
    return Node(node.kind, node.id, {**node.told, "answer": call["text"] or call["error"]})


def _filters(view: View, fact: Row) -> Node:
    """Every filter in order: passed, dropped with what it measured, or not reached."""
    body = view.store.rejection_of(fact)
    reason = fact["reason"]
    off = _off(view.store.meta("config") or {})
    known = next((name for name, reasons in STEPS.items() if reason in reasons), None)
    nodes = []
    decision = "passed"
    for name in STEPS:
        if name == known:
            measured = ("value", "threshold", "neighbour")
            why = {each: body[each] for each in measured if each in body}
            nodes.append(Node("filter", name, {"decision": "dropped", "reason": reason, **why}))
            decision = "not reached"
        else:
            nodes.append(Node("filter", name, {"decision": "off" if name in off else decision}))
    if reason is not None and known is None:
        nodes = [Node("filter", reason, {"decision": "dropped", "reason": reason})]
    scores = [
        Node("score", one.name, {"value": one.value, "by": one.source, "detail": one.detail})
        for one in view.store.scores_of(fact["id"])
    ]
    return Node("filters", "", {"fate": fact["fate"]}, (*nodes, *scores))


def _off(config: Mapping[str, Any]) -> frozenset[str]:
    """The filters that a run's settings leave out, of those that can be left out as a whole."""
    filters = config.get("filters")
    if filters is None:
        return frozenset()
    novelty = filters["novelty"]
    near = ("threshold", "response_threshold", "embedding")
    on = {
        "novelty": any(novelty[name] is not None for name in near),
        "children of one parent": filters["max_children"] is not None,
        "execution": filters["executable"]["check"] is not None,
        "models that look at rows": any(each is not None for each in filters["quality"].values()),
    }
    return frozenset(name for name, is_on in on.items() if not is_on)


def _reviewed(view: View, fact: Row) -> Iterator[Node]:
    """What people changed about a candidate before its round went on, and who; nothing where they
    let the filters' word stand.
    """
    changes = view.store.stage(fact["round"], REVIEW)
    if changes is None or fact["fate"] == "edited":
        return
    who = _who(view, fact["id"])
    for told in _decisions(changes, fact["id"]):
        yield Node("review", "", {**told, **who})


def _decisions(changes: Row, id_: str) -> Iterator[Row]:
    """What a stage `review` says of one candidate."""
    for each in (each for each in changes["dropped"] if each["id"] == id_):
        yield {"decision": "dropped", "reason": each["reason"]}
    for each in (each for each in changes["edited"] if each["id"] == id_):
        yield {"decision": "edited", "stands as": to_example(each["row"]).id}
    for refused in map(to_rejection, changes["refused"]):
        done = _wanted(refused.what, changes, id_)
        if done is not None:
            yield {"decision": f"{done}, and a filter refused it", "reason": refused.reason}
    if id_ in changes["joined"]:
        yield {"decision": "taken, though a filter dropped it"}


def _wanted(refused: Example, changes: Row, id_: str) -> str | None:
    """What a person wanted of a candidate with a row that was refused; None of any other row."""
    if refused.id == id_:
        return "taken"
    edited = {"id": id_} in changes["unedited"] and id_ in refused.parents
    return "edited" if edited else None


def _who(view: View, id_: str) -> Row:
    """The latest word of a person about a candidate, with the name if one was given."""
    said = [one.detail for one in view.store.scores_of(id_) if one.source == "human"]
    return {"said": said[-1]} if said else {}
