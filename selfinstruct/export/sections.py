"""The parts that all cards share, each from the ledger: what the gate said, who wrote, what was
dropped, personal data, licences, what nobody checked, how to do it again.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from selfinstruct import __version__, sentences, stats, telling
from selfinstruct.export.facts import Facts
from selfinstruct.export.lines import OUTCOMES
from selfinstruct.export.markdown import bullets, code, fence, plain, table
from selfinstruct.licenses import UNKNOWN, count_licenses
from selfinstruct.privacy import Finder, survey
from selfinstruct.redaction import redact
from selfinstruct.rows import to_signal
from selfinstruct.settled import DROPPED, EDITED
from selfinstruct.types import UNNEEDED, Example

PASSED = frozenset((*UNNEEDED, DROPPED, EDITED))
"""The reasons of candidates that no filter had anything against."""
LEFT_OUT = ("base_url", "api_key_env", "api_key_keyring", "out")
"""Settings that say where a machine or a key is, and nothing about the rows."""


def lead(facts: Facts) -> list[str]:
    """What has to be read first: whether anything made here was shown to help."""
    gates = facts.gates
    accepted = [index for index, outcome in gates.items() if outcome == "accept"]
    told = [
        f"**{OUTCOMES[outcome]}**, round {index}: {_why(facts, index)}"
        for index, outcome in gates.items()
    ]
    if not gates:
        head = "**No round yet.** This run has made no synthetic rows so far."
    elif not accepted:
        head = (
            "**Not shown to help.** No round of this run was accepted: whether a student trained "
            "on its synthetic rows is better than one trained on the real rows alone is not known."
        )
    else:
        shown = ", ".join(map(str, accepted))
        head = f"**Shown to help** in round {shown}, on real rows that no student had seen."
    state = [] if facts.summary["state"] == "finished" else ["The run is not finished."]
    return [head, *told, *state]


def _why(facts: Facts, index: int) -> str:
    entry = next(each for each in facts.summary["rounds"] if each["index"] == index)
    return plain(entry["why"] or "its gate has said nothing yet.")


def acceptance(facts: Facts) -> str:
    """How many candidates of each label, recipe and round passed the filters, with intervals."""
    seen: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, str]] = Counter()
    for index, screened in facts.rounds.items():
        rows = [(row, True) for row in screened.accepted]
        rows += [(item.what, item.reason in PASSED) for item in screened.rejected]
        for row, passed in rows:
            for key in (("round", str(index)), ("label", row.label or "")):
                seen[key] += 1
                kept[key] += passed
    lines = []
    for key in sorted(seen, key=lambda key: (key[0] != "round", -seen[key], key[1])):
        at = stats.wilson(kept[key], seen[key])
        share = f"{100 * at.value:.0f} % [{100 * at.low:.0f}, {100 * at.high:.0f}]"
        name = f"round {key[1]}" if key[0] == "round" else f"label {code(key[1])}"
        lines.append((name, seen[key], kept[key], share))
    if not lines:
        return "No candidate has been asked for yet."
    head = ("of", "candidates", "passed every filter", "share (95 % interval)")
    note = (
        "Candidates without a label are those that could not be read or that fell before one was "
        "written; what passed after its round was full, or was left out or written anew by a "
        "person afterwards, counts as passed.\n\n"
    )
    return note + table(head, lines)


def funnel(facts: Facts) -> str:
    """How many candidates each filter dropped; the counts and the rows kept are all there were."""
    reasons = Counter(item.reason for each in facts.rounds.values() for item in each.rejected)
    kept = sum(len(each.accepted) for each in facts.rounds.values())
    total = kept + reasons.total()
    lines: list[tuple[object, ...]] = [("candidates", total)]
    lines += [(f"dropped: {code(reason)}", -count) for reason, count in reasons.most_common()]
    lines.append(("**kept**", f"**{kept}**"))
    return table(("step", "rows"), lines)


def teacher(facts: Facts) -> str:
    """Who wrote the rows and under which terms, and which prompts in which versions asked."""
    cfg = facts.cfg.teacher
    served = facts.summary["served"]
    names = [
        f"{code(each)} ({count} answers)"
        for found in served.values()
        for each, count in found.items()
    ]
    terms = (
        f"What it writes comes under {code(cfg.terms)} (`teacher.terms`)."
        if cfg.terms
        else "No terms of the teacher were stated (`teacher.terms`): it may have some all the same."
    )
    asked = [(code(each.template), code(each.version), each.calls) for each in facts.asked]
    spent = facts.summary["spent"]
    tokens = spent["prompt_tokens"] + spent["completion_tokens"]
    where = "elsewhere" if cfg.is_remote else "on this machine"
    return "\n\n".join(
        [
            f"The teacher is {code(f'{cfg.backend}:{_name(cfg.name)}')}, run {where}"
            + (f"; it answered as {', '.join(names)}." if names else "."),
            terms,
            f"{spent['calls']} calls and {tokens} tokens. A version is the hash of a prompt's "
            "template; each row names the call it came from.",
            table(("prompt", "version", "calls"), asked),
        ]
    )


def personal(facts: Facts, rows: Sequence[Example]) -> str:
    """What was done about personal data, and what is found in the rows of this export now."""
    cfg = facts.cfg.privacy
    found = survey(rows, Finder.of(cfg))
    kinds = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in found.kinds.items())
    told = (
        f"in {found.rows} of {found.total} rows ({kinds})"
        if found.rows
        else f"in none of {found.total} rows"
    )
    policy = {
        "reject": "synthetic rows with data that somebody could own were dropped",
        "keep": "**synthetic rows with personal data were kept**",
        "placeholder": "personal data in synthetic rows was replaced by placeholders",
    }
    dropped = sum(
        item.reason == "personal_data" for each in facts.rounds.values() for item in each.rejected
    )
    first: Mapping[str, Any] | None = next(
        (each["personal_data"] for each in facts.summary["rounds"] if each["personal_data"]), None
    )
    items = [
        f"Found in this export, by form: {plain(told)}.",
        f"Policy (`privacy.outputs: {cfg.outputs}`): {policy[cfg.outputs]}; {dropped} candidates "
        "were dropped for it.",
        *(
            [f"Real training rows: {plain(sentences.personal_data(first, 'teacher'))}."]
            if first
            else []
        ),
        "Mail addresses, phone numbers, cards, accounts, addresses and the like are found by "
        "their form. **Names, and stories that only one person can tell, are not found.**",
    ]
    return bullets(items)


def licenses(facts: Facts, rows: Sequence[Example]) -> str:
    """What the exported rows come under, what the real ones, and what the policy allows."""
    allow = facts.cfg.licenses.allow
    sources = Counter((row.license or UNKNOWN, row.origin) for row in rows)
    lines = [(code(name), origin, count) for (name, origin), count in sources.most_common()]
    real = [
        (code(name), "all real training rows", count)
        for name, count in count_licenses(facts.data.train).items()
    ]
    policy = (
        "No policy was set (`licenses.allow`): every licence was let in."
        if allow is None
        else f"Allowed were {', '.join(map(code, allow))}; "
        f"{facts.summary['data']['forbidden']} real rows were left out for theirs."
    )
    unknown = any(UNKNOWN in (row.license or UNKNOWN) for row in rows)
    note = (
        "`NOASSERTION` is a row for which nobody stated a licence: **that it may be passed on is "
        "not known.**"
        if unknown
        else ""
    )
    note += (
        " A synthetic row comes under the licences of all rows the teacher was shown for it, and "
    )
    note += "under the teacher's terms."
    return "\n\n".join(
        [table(("licence", "rows are", "rows"), [*lines, *real]), note.strip(), policy]
    )


def limits(facts: Facts) -> str:
    """What the watch measured, and what nobody looked at."""
    return bullets([*_watched(facts), *_unchecked(facts)])


def _watched(facts: Facts) -> Iterable[str]:
    measured = False
    for entry in facts.summary["rounds"]:
        signals = [to_signal(each) for each in entry["signals"]]
        measured = measured or bool(signals)
        loud = [each for each in signals if each.alarm]
        if signals and not loud:
            yield (
                f"Round {entry['index']}: {len(signals)} signals of collapse were measured, none "
                "set off an alarm."
            )
        for each in loud:
            ratio = (
                f"{each.ratio.value:.2f} [{each.ratio.low:.2f}, {each.ratio.high:.2f}]"
                if each.ratio
                else "no ratio"
            )
            name = telling.name_signal(each.name, each.of)
            yield (
                f"**Alarm** in round {entry['index']}: {plain(name)} at {ratio} of what it was "
                "held to."
            )
        for short in entry["unmet"]:
            yield f"Round {entry['index']} ended short of {plain(sentences.tell_unmet(short))}."
    if not measured:
        yield "Signals of collapse (diversity, rare words, coverage) were not measured."


def _unchecked(facts: Facts) -> Iterable[str]:
    filters, quality = facts.cfg.filters, facts.cfg.filters.quality
    yield "Whether an answer is true was not checked by anybody: filters compare words and forms."
    off = {
        "no judge graded the rows (`filters.quality.rubric`)": quality.rubric is None,
        "no model checked that a row has its label (`filters.quality.label_agreement`)": bool(
            facts.data.labels and quality.label_agreement is None
        ),
        "paraphrases in other words were not looked for (`filters.novelty.embedding`)": (
            filters.novelty.embedding is None
        ),
        "some questions near a known one may be among the rows, which MinHash misses "
        "(`filters.novelty.minhash`)": filters.novelty.minhash is not None,
        "the language of a text was not identified (`filters.language`)": (
            filters.language.expected is None
        ),
        "runs of words from a real row were not looked for (`filters.memorisation`)": (
            filters.memorisation.run is None
        ),
        "**nearness to held-out rows was not looked for** (`filters.contamination`)": (
            filters.contamination.ngram is None and filters.contamination.rouge_l is None
        ),
        "the gate rows come from the same source as the training rows: how the student does "
        "elsewhere was not measured": True,
    }
    yield from (f"{what[0].upper()}{what[1:]}." for what, is_so in off.items() if is_so)
    if not facts.said:
        yield "The ledger holds no person's judgement of a row."


def reproduce(facts: Facts, command: Sequence[str]) -> str:
    """The commands, the seed, the version and the settings."""
    tree = _shown(facts.cfg.model_dump(mode="json", exclude_defaults=True))
    settings = redact(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True))
    return "\n\n".join(
        [
            f"selfinstruct {__version__}, seed {facts.cfg.seed}, settings "
            f"{code(facts.fingerprint)}, real rows "
            f"{code(facts.summary['data']['digest'])}. With these settings in `config.yaml`, all "
            "others at their defaults, and the same seed file:",
            fence(f"selfinstruct run config.yaml\n{shlex.join(command)}", None),
            "Addresses, keys' names and folders of the machine are left out.",
            fence(settings.rstrip("\n"), None),
        ]
    )


def _shown(tree: Any) -> Any:
    """Settings without what tells of the machine: addresses go, of a whole path its end stays."""
    if isinstance(tree, dict):
        return {key: _shown(value) for key, value in tree.items() if key not in LEFT_OUT}
    if isinstance(tree, list):
        return [_shown(value) for value in tree]
    return _name(tree) if isinstance(tree, str) else tree


def _name(value: str) -> str:
    """A model's or file's name, of an absolute path the last part alone."""
    return Path(value).name if value.startswith(("/", "~")) else value


def counts(facts: Facts) -> dict[str, Any]:
    """The numbers a manifest tells of its run."""
    return {
        "run": facts.name,
        "settings": facts.fingerprint,
        "real_rows": facts.summary["data"]["digest"],
        "gates": {str(index): outcome for index, outcome in facts.gates.items()},
        "teacher": f"{facts.cfg.teacher.backend}:{_name(facts.cfg.teacher.name)}",
    }
