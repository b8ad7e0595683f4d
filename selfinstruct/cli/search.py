"""The verbs that find: rows, calls, where something came from, a call asked once more."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from selfinstruct.cli import options
from selfinstruct.cli.options import AsJson, HeldOut, RunPath, app, print_json
from selfinstruct.cli.stopping import Commands

Where = Annotated[
    str,
    typer.Option(metavar="EXPR", help="FIELD = != < <= > >= ~ VALUE, with and, or, not and ()."),
]
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]

found = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Rows of a run: find them, score them, compare two sets.",
)
app.add_typer(found, name="examples")


@found.command(
    name="list",
    epilog=options.examples(
        "selfinstruct examples list runs/quickstart --where 'label=refund and novelty<.3'",
        "selfinstruct examples list RUN --text 'two \"wrong charge\"' --sort -words",
        "selfinstruct examples list RUN --where 'fate=rejected and not (reason=echo or round<2)'",
        "selfinstruct examples list RUN --split gate --json",
    ),
)
def list_(
    run: RunPath,
    where: Where = "",
    text: Annotated[
        str,
        typer.Option(
            metavar="WORDS", help='Rows that hold all these words; a "phrase" in quotes as one.'
        ),
    ] = "",
    split: Annotated[
        Literal["train", "dev", "gate", "final"] | None, typer.Option(help="Real rows of a split.")
    ] = None,
    round_: Annotated[
        int | None, typer.Option("--round", help="Candidates of a round; 0 for real rows.")
    ] = None,
    fate: Annotated[
        Literal["real", "accepted", "rejected"] | None, typer.Option(help="What became of them.")
    ] = None,
    sort: Annotated[
        str, typer.Option(metavar="[-]FIELD", help="By a field, -FIELD for the largest first.")
    ] = "",
    limit: Limit = 20,
    held_out: HeldOut = False,
    as_json: AsJson = False,
) -> None:
    """List real rows and candidates by what is known of them and by their words.

    Fields: id label round wave fate reason value recipe prompt depth origin split licence kind
    source request attempt words novelty text, and every score of the run by its name; a row that
    lacks one is found by FIELD=none. `~` is: contains. `text ~ "..."` reads every row, which is
    slower than --text and finds what has no spaces between words.

    Of gate and final rows id and label are listed, and no search by words finds them, unless
    --held-out is given: they enter no prompt, and should enter nobody's choices.
    """
    from selfinstruct.cli.listing import list_examples, print_examples

    narrow: dict[str, str | int | None] = {"split": split, "round": round_, "fate": fate}
    rows = list_examples(run, where, text, narrow, sort, limit, held_out=held_out)
    print_json(rows) if as_json else print_examples(rows)


@found.command(
    epilog=options.examples(
        "selfinstruct examples score runs/quickstart toxicity.jsonl",
        "my-scorer | selfinstruct examples score RUN /dev/stdin",
    )
)
def score(
    run: RunPath,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help='Lines like {"id": ROW, "name": "toxicity", "value": .1}'
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Take scores of your own into a run's ledger; then `examples list --where 'toxicity<.2'`.

    Each line may have `source` (code, judge or human; code unless said) and `detail`. Nothing is
    overwritten: of several scores of one name the last counts, and all are kept.
    """
    from selfinstruct.cli.row_verbs import print_scored, score_rows

    told = score_rows(run, file)
    print_json(told) if as_json else print_scored(told)


@found.command(
    epilog=options.examples(
        "selfinstruct examples diff runs/old runs/new",
        "selfinstruct examples diff runs/old runs/new --what mixture --json",
        "selfinstruct examples diff seeds.jsonl exported/pool.jsonl",
    )
)
def diff(
    before: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="A run, or a file of rows.")],
    after: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="What it is held against.")],
    what: Annotated[
        Literal["pool", "mixture"], typer.Option(help="Of a run: rows kept, or the champion's.")
    ] = "pool",
    round_: Annotated[int | None, typer.Option("--round", help="Of runs, this round.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows of each kind that are shown.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show what changed from one set of rows to another: rows added, removed, reworded; labels."""
    from selfinstruct.cli.row_verbs import diff_rows, print_diff

    told = diff_rows(before, after, what, round_)
    print_json(told) if as_json else print_diff(told, limit)


@app.command(
    epilog=options.examples(
        "selfinstruct log runs/quickstart",
        "selfinstruct log RUN --where 'state=failed or seconds>30' --limit 50",
        "selfinstruct log RUN --where 'prompt~label_first and tokens>900 and finish=length' --json",
    )
)
def log(
    run: RunPath,
    where: Where = "",
    limit: Limit = 20,
    held_out: HeldOut = False,
    as_json: AsJson = False,
) -> None:
    """List a run's calls to models, newest last; `show RUN ID` has the words of one.

    Fields: id round wave prompt model served state finish sample prompt_tokens completion_tokens
    tokens seconds error answer messages. A call that was asked again has one line, the last; what
    earlier tries cost is counted.
    """
    from selfinstruct.cli.listing import list_calls, print_calls

    calls = list_calls(run, where, limit, held_out=held_out)
    print_json(calls) if as_json else print_calls(calls)


@app.command(
    epilog=options.examples(
        "selfinstruct trace runs/quickstart 3fa9",
        "selfinstruct trace RUN label_first/question.j2@5f0c --json",
    )
)
def trace(
    run: RunPath,
    id_: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="A row, a call, a prompt's version or a student's digest, or its first digits.",
        ),
    ],
    limit: Annotated[int, typer.Option(min=1, help="List so many children of each row.")] = 10,
    held_out: HeldOut = False,
    as_json: AsJson = False,
) -> None:
    """Show where something came from and what came of it: rows, prompt, call, filters, children,
    mixtures, students, scores.
    """
    from selfinstruct.cli import trace as tracing

    tree = tracing.trace_command(run, id_, limit, held_out=held_out)
    print_json(tracing.as_json(tree)) if as_json else tracing.print_trace(tree)


@app.command(
    epilog=options.examples(
        "selfinstruct replay runs/quickstart 3fa9 --set temperature=.2",
        "selfinstruct replay RUN 3fa9 --model openai:bigger --set base_url=http://127.0.0.1:8000/v1",
        "selfinstruct replay RUN --round 1 --limit 20 --set max_tokens=64 --dry-run",
        "selfinstruct replay RUN --round 1 --prompt label_first/question@working",
    )
)
def replay(
    run: RunPath,
    call: Annotated[
        str | None, typer.Argument(metavar="CALL", help="A call's id, or its first digits.")
    ] = None,
    round_: Annotated[
        int | None, typer.Option("--round", help="All answered calls of a round instead.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="temperature, top_p, max_tokens, stop, seed; or a setting of the teacher.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="[BACKEND:]NAME", help="Another model in place of the teacher."),
    ] = None,
    prompt: Annotated[
        str | None,
        typer.Option(metavar="NAME[@VERSION]", help="Another version of the call's prompt."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", metavar="DIR", help="The prompt folder of the project.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Of a round, its first so many calls.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be asked and what it may cost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a stored call again with changes and show the old answer beside the new one.

    With --prompt another version of its prompt is told what its own was told; of a round, the calls
    that were asked by that prompt. A round ends with what its recipes and filters make of it all.
    Nothing is written into the run. Its budget holds: the calls must fit into what is left of it.
    """
    from selfinstruct.cli.replay import Changes, replay_command
    from selfinstruct.cli.replay_text import print_replay

    changes = Changes(set_ or [], model, prompt, folder)
    told = replay_command(run, call, round_, changes, limit, dry_run=dry_run)
    print_json(told) if as_json else print_replay(told)
