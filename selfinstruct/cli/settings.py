"""`settings`: every setting of a config, looked up by a word, by its name or in a file."""

from pathlib import Path
from typing import Annotated

import typer

from selfinstruct.cli.options import AsJson, app, examples, print_json
from selfinstruct.errors import UserError


@app.command(
    epilog=examples(
        "selfinstruct settings",
        "selfinstruct settings novelty",
        "selfinstruct settings filters.novelty.threshold",
        "selfinstruct settings --config configs/quickstart.yaml",
    )
)
def settings(
    word: Annotated[
        str,
        typer.Argument(
            metavar="WORD", help="A setting's name, or a part of it.", show_default=False
        ),
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="CONFIG", help="What this file sets, line by line."),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--md", help="Print the page docs/settings.md.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what a config can say: each setting, what it takes and is for, its default, and what a
    run does again when it changes.
    """
    from selfinstruct.cli import settings_text as text
    from selfinstruct.manual import find, named, settings_of, settings_page

    if markdown:
        if word or config or as_json:
            raise UserError("--md prints the whole page, and goes with nothing else")
        print(settings_page(), end="")
    elif config is not None:
        given = [each for each in settings_of(config) if word.lower() in each.knob.name]
        if as_json:
            print_json(text.given_as_json(config, given))
        else:
            text.print_given(config, given)
    elif (knob := named(word)) is not None:
        print_json(text.knob_as_json(knob)) if as_json else text.print_knob(knob)
    elif as_json:
        print_json(text.groups_as_json(find(word)))
    else:
        text.print_groups(find(word), whole=bool(word))
