"""Where something of a run came from, and what came of it, as a tree of plain nodes.

A row leads back to its parents, its call and the prompt's version, past every filter, and on to its
children, the mixtures it is in, the students trained on them and how those did. A call, a prompt's
version and a student are other places to start from. How many are listed is limited, counts are
whole. Mixtures of older versions are read from the files of their rounds, whose digests are held
against the ledger.

A review of rows would stand between filters and mixtures: one more branch in `_row`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.rows import Row, to_example
from selfinstruct.settled import STAGE as REVIEW
from selfinstruct.store import Store
from selfinstruct.store.search import HELD_OUT, JUDGED
from selfinstruct.types import UNNEEDED, Report, digest

STEPS: Mapping[str, tuple[str, ...]] = {
    "read from the answer": (
        *("failed_call", "refused", "empty", "truncated", "reasoning", "unreadable", "surplus"),
        *("value_missing", "copied_prompt", "no_gain", "too_few_turns", "too_many_turns"),
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
"""How far parents and children are followed."""
OPENING = b'{"id": "'
"""What every line of a mixture begins with, before its id."""
DIGITS = 16
LOST = "an older version made it, and rounds/N/mixture.jsonl is gone or changed: nobody can tell"


@dataclass(frozen=True, slots=True)
class Node:
    """One thing of a run: what it is, its id, what is to say of it, and what hangs on it."""

    kind: str
    id: str
    told: Row = field(default_factory=dict)
    nodes: tuple["Node", ...] = ()
    more: int = 0
    """How many are not listed."""


@dataclass(frozen=True)
class Trace:
    """A tree in two directions."""

    start: Node
    came_from: tuple[Node, ...]
    led_to: tuple[Node, ...]


@dataclass(frozen=True)
class Tracer:
    """An open ledger, how many nodes of a kind are listed, and whether words held out are shown."""

    store: Store
    limit: int = 10
    held_out: bool = False

    def trace(self, asked: str) -> Trace:
        """The trace of a row, a call, a prompt's version or a student, by its id or the beginning
        of it. Raises `UserError` where it names nothing, or several things.
        """
        found = self.store.named(asked)
        if not found:
            raise UserError(
                f"nothing in {self.store.folder} has an id that starts with {asked!r}",
                next_step="ids are those of rows (selfinstruct examples list), of calls and prompt "
                "versions (selfinstruct log) and of students (the digest of an adapter)",
            )
        if len(found) > 1:
            some = ", ".join(f"{kind} {id_}" for kind, id_ in found[:5])
            raise UserError(
                f"{asked!r} fits {len(found)}{'+' if len(found) > 5 else ''} ids: {some}",
                next_step="give more digits",
            )
        kind, id_ = found[0]
        starts = {"row": self._row, "call": self._call, "prompt": self._prompt}
        return starts.get(kind, self._student)(id_)

    # -- a row ---------------------------------------------------------------------------------

    def _row(self, id_: str) -> Trace:
        facts = self.store.facts_of(id_)
        fact = facts[0]
        told = {**self._told(fact), "also": [_place(each) for each in facts[1:]]}
        back: list[Node] = []
        if fact["split"] is None:
            back = [*self._parents(fact, GENERATIONS), *self._calls_of(fact), self._filters(fact)]
            back += self._reviewed(fact)
        led = [*self._children(id_, GENERATIONS), *self._mixed([id_])]
        led += self._examined(id_, fact)
        return Trace(Node("row", id_, told), tuple(back), tuple(led))

    def _told(self, fact: Row) -> Row:
        """What is said of a row; of one that is held out, no words."""
        hidden = fact["split"] in HELD_OUT and not self.held_out
        words = None if hidden else self.store.words_of(fact)
        names = ("split", "round", "wave", "reason", "value", "label", "depth", "license", "origin")
        told = {name: fact[name] for name in names if fact[name] is not None}
        return {**told, "fate": _fate(fact), "row": words}

    def _parents(self, fact: Row, generations: int) -> Iterator[Node]:
        body = self.store.words_of(fact)
        for id_ in body.get("parents", ()):
            found = self.store.facts_of(id_)
            if not found:
                yield Node("parent", id_, {"fate": "not in this ledger"})
                continue
            own = found[0]
            further = own["split"] is None and generations > 1
            nodes = tuple(self._parents(own, generations - 1)) if further else ()
            yield Node("parent", id_, self._told(own), nodes)

    def _calls_of(self, fact: Row) -> Iterator[Node]:
        """The call a row was read from, and one before it that wrote its question, if there is one
        whose answer holds it.
        """
        if fact["attempt"] is None:
            return
        last = self.store.attempt(fact["attempt"])
        body = self.store.words_of(fact)
        question = body.get("input") or body.get("instruction", "")
        place = (fact["round"], fact["wave"])
        for call in self.store.calls_that_say(*place, question, but=fact["attempt"]):
            yield _call_node(call, "call that wrote the question")
        if last is not None:
            yield _call_node(last, "call")

    def _filters(self, fact: Row) -> Node:
        """Every filter in order: passed, dropped with what it measured, or not reached."""
        body = self.store.rejection_of(fact)
        reason = fact["reason"]
        off = _off(self.store.meta("config") or {})
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
            for one in self.store.scores_of(fact["id"])
        ]
        return Node("filters", "", {"fate": _fate(fact)}, (*nodes, *scores))

    def _reviewed(self, fact: Row) -> Iterator[Node]:
        """What people changed about a candidate before its round went on; nothing where they let
        the filters' word stand.
        """
        changes = self.store.stage(fact["round"], REVIEW)
        if changes is None:
            return
        for each in changes["dropped"]:
            if each["id"] == fact["id"]:
                yield Node("review", "", {"decision": "dropped", "reason": each["reason"]})
        for each in changes["edited"]:
            if each["id"] == fact["id"]:
                row = to_example(each["row"])
                yield Node("review", "", {"decision": "edited", "stands as": row.id})
        if fact["id"] in changes["joined"]:
            yield Node("review", "", {"decision": "taken, though a filter dropped it"})

    def _children(self, id_: str, generations: int) -> Iterator[Node]:
        """The rows that were asked for with this one shown, kept ones first."""
        found = self.store.children_of(id_, self.limit)
        if not found.total:
            return
        nodes = []
        for fact in found.rows:
            further = fact["reason"] is None and generations > 1
            below = tuple(self._children(fact["id"], generations - 1)) if further else ()
            nodes.append(Node("child", fact["id"], self._told(fact), below))
        told = {"count": found.total, "fates": self.store.fates_of_children(id_)}
        yield Node("children", "", told, tuple(nodes), found.total - len(nodes))

    def _examined(self, id_: str, fact: Row) -> Iterator[Node]:
        """How students did on a row that is kept from them; what the gate saw, if asked for."""
        if fact["split"] in (None, "train"):
            return
        if fact["split"] in HELD_OUT and not self.held_out:
            yield Node("examined", "", {"note": "scores of held-out rows: --held-out"})
            return
        names = self._students()
        for report in self.store.reports():
            if id_ in report.ids:
                at = report.ids.index(id_)
                scores = {metric: values[at] for metric, values in report.scores.items() if values}
                name = names.get(report.checkpoint, report.checkpoint)
                yield Node("examined", name, {"on": report.split, **scores})

    # -- mixtures and students -----------------------------------------------------------------

    def _mixed(self, ids: Sequence[str]) -> Iterator[Node]:
        """The mixtures that any of these rows is in, with what was trained on them."""
        for index, stage in self._mixes():
            times = self._times_mixed(index, stage, ids)
            if times is None:
                yield Node("mixture", f"round {index}", {"note": LOST})
            elif times:
                told = {"rows": stage["rows"], "share": stage["achieved_share"]}
                told |= {"times" if len(ids) == 1 else "of_these": times}
                yield Node("mixture", f"round {index}", told, tuple(self._trained(index)))

    def _times_mixed(self, index: int, stage: Row, ids: Sequence[str]) -> int | None:
        if self.store.mixed(index):
            return self.store.times_mixed(index, ids)
        rows = mixture_ids(self.store.folder, index, stage["digest"])
        wanted = set(ids)
        return None if rows is None else sum(id_ in wanted for id_ in rows)

    def _mixes(self) -> list[tuple[int, Row]]:
        stages = self.store.stages()
        return [(one["round"], one["result"]) for one in stages if one["stage"] == "mix"]

    def _trained(self, index: int) -> Iterator[Node]:
        stage = self.store.stage(index, "train")
        if stage is not None:
            told = {"name": stage["name"]}
            yield Node("student", stage["digest"], told, tuple(self._evaluated(stage["digest"])))

    def _evaluated(self, checkpoint: str) -> Iterator[Node]:
        for split in ("gate", "dev", "general", "lm_eval", "final"):
            report = self.store.report(checkpoint, split)
            if report is not None:
                yield Node("evaluated", split, {"rows": len(report.ids), **_means(report)})
        for stage in self.store.stages():
            result = stage["result"]
            if stage["stage"] == "gate" and result["candidate"] == checkpoint:
                verdict = {name: result["verdict"][name] for name in ("outcome", "why")}
                yield Node("verdict", f"round {stage['round']}", verdict)

    def _students(self) -> dict[str, str]:
        """Digest to name of every student of the rounds, and of the base."""
        found = {}
        for stage in self.store.stages():
            words = stage["stage"].split(" ")
            if words[0] == "train":
                found[stage["result"]["digest"]] = stage["result"]["name"]
            elif words[0] == "evaluate":
                found[stage["result"]["checkpoint"]] = words[1]
        return found

    # -- other places to start from ------------------------------------------------------------

    def _call(self, key: str) -> Trace:
        call = self.store.attempt(key)
        assert call is not None
        start = _call_node(call, "call")
        if call["template"].startswith(JUDGED) and not self.held_out:
            parents: tuple[Node, ...] = ()
        else:
            ids = json.loads(call["parents"])
            parents = tuple(self._listed("shown", ids))
        rows = self.store.facts_from(key)
        made = tuple(Node("candidate", each["id"], self._told(each)) for each in rows)
        kept = [each["id"] for each in rows if each["reason"] is None]
        prompt = Node("prompt", f"{call['template']}@{call['version']}")
        return Trace(start, (prompt, *parents), (*made, *(self._mixed(kept) if kept else ())))

    def _listed(self, kind: str, ids: Sequence[str]) -> Iterator[Node]:
        for id_ in ids:
            found = self.store.facts_of(id_)
            told = self._told(found[0]) if found else {"fate": "not in this ledger"}
            yield Node(kind, id_, told)

    def _prompt(self, name: str) -> Trace:
        """What was asked with a version of a template, and what came of it."""
        use = self.store.use_of(name)
        kept = self.store.kept_by(name)
        rounds = tuple(
            Node("round", str(index), dict(fates)) for index, fates in use["rounds"].items()
        )
        told = {key: value for key, value in use.items() if key != "rounds"}
        if not rounds:
            told["note"] = "no row was read from its answers; a question's row is its answer's"
        return Trace(Node("prompt", name, told), (), (*rounds, *self._mixed(kept)))

    def _student(self, checkpoint: str) -> Trace:
        name = self._students().get(checkpoint, checkpoint)
        start = Node("student", checkpoint, {"name": name})
        trained = [
            stage["round"]
            for stage in self.store.stages()
            if stage["stage"] == "train" and stage["result"]["digest"] == checkpoint
        ]
        back = tuple(self._learned(index) for index in trained)
        return Trace(start, back, tuple(self._evaluated(checkpoint)))

    def _learned(self, index: int) -> Node:
        """The mixture of a round, by what wrote its rows."""
        name = f"round {index}"
        stage = self.store.stage(index, "mix")
        if stage is None:
            return Node("mixture", name, {"note": LOST})
        known = self.store.mixed(index)
        rows = (
            self.store.mixture(index)
            if known
            else mixture_ids(self.store.folder, index, stage["digest"])
        )
        if rows is None:
            return Node("mixture", name, {"note": LOST})
        parts = tuple(
            Node("written by", each["prompt"] or each["origin"], {"rows": each["n"]})
            for each in self.store.writers_of(sorted(set(rows)))
        )
        told = {"rows": stage["rows"], "share": stage["achieved_share"]}
        return Node("mixture", name, told, parts)


def mixture_ids(folder: Path, index: int, wanted: str) -> list[str] | None:
    """The ids in a round's mixture file, in order; None where they are not what the ledger says."""
    path = folder / "rounds" / str(index) / "mixture.jsonl"
    if not path.exists():
        return None
    start = len(OPENING)
    with path.open("rb") as lines:  # a line is parsed by nobody: there may be a hundred thousand
        ids = [line[start : start + DIGITS].decode("ascii", "replace") for line in lines]
    return ids if digest(ids) == wanted else None


def flat(trace: Trace) -> Row:
    """The tree as JSON objects."""
    return {
        "start": _flat(trace.start),
        "came_from": [_flat(node) for node in trace.came_from],
        "led_to": [_flat(node) for node in trace.led_to],
    }


def _flat(node: Node) -> Row:
    row: dict[str, Any] = {"kind": node.kind, "id": node.id, **node.told}
    if node.nodes:
        row["nodes"] = [_flat(each) for each in node.nodes]
    return {**row, "more": node.more} if node.more else row


def _call_node(call: Row, kind: str) -> Node:
    names = ("round", "wave", "model", "state", "sample", "prompt_tokens", "completion_tokens")
    told = {"prompt": f"{call['template']}@{call['version']}", **{n: call[n] for n in names}}
    return Node(kind, call["key"], told)


def _fate(fact: Row) -> str:
    if fact["split"] is not None:
        return "real"
    return "accepted" if fact["reason"] is None else "rejected"


def _place(fact: Row) -> Row:
    names = ("split", "round", "wave", "reason")
    return {name: fact[name] for name in names if fact[name] is not None}


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


def _means(report: Report) -> dict[str, float]:
    return {metric: report.mean(metric) for metric, values in report.scores.items() if values}
