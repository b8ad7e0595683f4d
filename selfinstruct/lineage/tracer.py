"""A trace from wherever it starts: a row, a call, a prompt's version or a student."""

from selfinstruct.errors import UserError
from selfinstruct.lineage.nouns import Node, Trace, View, call_node, place
from selfinstruct.lineage.origins import origins
from selfinstruct.lineage.outcomes import (
    evaluated,
    learned,
    mixed,
    mixed_of,
    outcomes,
    students,
)


class Tracer(View):
    """A view of an open ledger that is asked for ids."""

    def trace(self, asked: str) -> Trace:
        """The trace of a row, a call, a prompt's version or a student, by its id or the beginning
        of it, all of one moment. Raises `UserError` where it names nothing, or several things.
        """
        with self.store.snapshot():
            return self._trace(asked)

    def _trace(self, asked: str) -> Trace:
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

    def _row(self, id_: str) -> Trace:
        first, *others = self.store.facts_of(id_)
        told = {**self.told(first), "also": [place(each) for each in others]}
        return Trace(
            Node("row", id_, told), tuple(origins(self, first)), tuple(outcomes(self, first))
        )

    def _call(self, key: str) -> Trace:
        """A call: what it showed, went on from and asked about, and what was read from it."""
        call = self.store.attempt(key)
        assert call is not None
        prompt = Node("prompt", f"{call['template']}@{call['version']}")
        before = [call_node(each, "call before it") for each in self.store.calls_before(key)]
        about = list(self.listed("asks about", self.store.rows_of_call(key)))
        rows = self.store.facts_from(key)
        made = [Node("candidate", each["id"], self.told(each)) for each in rows]
        after = [call_node(each, "call after it") for each in self.store.calls_about(key)]
        kept = [each["id"] for each in rows if each["reason"] is None]
        return Trace(
            call_node(call),
            (prompt, *self.shown(call), *before, *about),
            (*made, *after, *(mixed(self, kept) if kept else ())),
        )

    def _prompt(self, name: str) -> Trace:
        """What was asked with a version of a template, and what came of it."""
        use = self.store.use_of(name)
        rounds = tuple(
            Node("round", str(index), dict(fates)) for index, fates in use["rounds"].items()
        )
        told = {key: value for key, value in use.items() if key != "rounds"}
        if not rounds:
            told["note"] = "no row was read from its answers; a question's row is its answer's"
        return Trace(Node("prompt", name, told), (), (*rounds, *mixed_of(self, name)))

    def _student(self, checkpoint: str) -> Trace:
        name = students(self).get(checkpoint, checkpoint)
        trained = self.store.results("train").items()
        back = tuple(learned(self, i) for i, each in trained if each["digest"] == checkpoint)
        start = Node("student", checkpoint, {"name": name})
        return Trace(start, back, tuple(evaluated(self, checkpoint)))
