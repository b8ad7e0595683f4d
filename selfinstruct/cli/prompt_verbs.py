"""The verbs of prompts: look at them, commit versions, move labels."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from selfinstruct.cli.options import AsJson, app, examples, print_json

prompts = typer.Typer(
    name="prompts",
    no_args_is_help=True,
    help="Your own prompts: files in a folder, versions that stay, labels that move.",
)
app.add_typer(prompts)

Folder = Annotated[
    Path, typer.Option("--folder", metavar="DIR", help="The prompt folder of the project.")
]
PROMPTS = Path("prompts")
Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as label_first/question.")]
Named = Annotated[
    str, typer.Argument(metavar="NAME[@VERSION]", help="Such as label_first/question@7.")
]
Message = Annotated[str, typer.Option("--message", "-m", help="Why, for those who come after.")]


@prompts.command(
    "list", epilog=examples("selfinstruct prompts list", "selfinstruct prompts list --json")
)
def list_(folder: Folder = PROMPTS, as_json: AsJson = False) -> None:
    """List every prompt: what is in use of it, its labels; exit 1 where the registry was edited."""
    from selfinstruct.cli.prompts import list_prompts
    from selfinstruct.cli.prompts_text import print_list
    from selfinstruct.cli.tables import stdout

    found = list_prompts(folder)
    print_json(found) if as_json else print_list(stdout(), found)
    if found["faults"]:
        raise typer.Exit(1)


@prompts.command(
    epilog=examples(
        "selfinstruct prompts show label_first/question",
        "selfinstruct prompts show label_first/question@production",
        "selfinstruct prompts show label_first/question@shipped",
    )
)
def show(name: Named, folder: Folder = PROMPTS, as_json: AsJson = False) -> None:
    """Show a prompt with all that it includes: as it is in use, at a version or a label."""
    from selfinstruct.cli.prompts import show_prompt
    from selfinstruct.cli.prompts_text import print_prompt
    from selfinstruct.cli.tables import stdout

    found = show_prompt(folder, name)
    print_json(found) if as_json else print_prompt(stdout(), found)


@prompts.command(
    epilog=examples(
        "selfinstruct prompts diff label_first/question@6 label_first/question@7",
        "selfinstruct prompts diff label_first/question@shipped label_first/question",
    )
)
def diff(before: Named, after: Named, folder: Folder = PROMPTS, as_json: AsJson = False) -> None:
    """Compare two prompts word by word: [-gone-] and {+new+}."""
    from selfinstruct.cli.prompts import diff_prompts
    from selfinstruct.cli.prompts_text import print_diff
    from selfinstruct.cli.tables import stdout

    found = diff_prompts(folder, before, after)
    if as_json:
        print_json(found)
    elif found["diff"]:
        print_diff(stdout(), found["diff"])
    else:
        print("no difference", file=sys.stderr)


@prompts.command(epilog=examples('selfinstruct prompts commit label_first/question -m "shorter"'))
def commit(name: Name, message: Message, folder: Folder = PROMPTS, as_json: AsJson = False) -> None:
    """Make the folder's prompt a version that stays, and show what it changes."""
    from selfinstruct.cli.prompts import commit_prompt
    from selfinstruct.cli.prompts_text import print_diff
    from selfinstruct.cli.tables import stdout

    found = commit_prompt(folder, name, message)
    if as_json:
        print_json(found)
    elif found["new"]:
        print_diff(stdout(), found["diff"])
        print(f"{found['name']} is v{found['number']} ({found['version']})")
    else:
        print(f"{found['name']} is already v{found['number']}")


@prompts.command(
    epilog=examples(
        "selfinstruct prompts label label_first/question@7 production",
        'selfinstruct prompts label label_first/question@6 production -m "7 repeats itself"',
    )
)
def label(
    name: Named,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="Such as production.")],
    message: Message = "",
    folder: Folder = PROMPTS,
    as_json: AsJson = False,
) -> None:
    """Set a label to a version; where it was before stays in the history."""
    from selfinstruct.cli.prompts import label_prompt

    found = label_prompt(folder, name, label, message)
    if as_json:
        print_json(found)
    elif not found["moved"]:
        print(f"{label} is at {found['name']}@{found['number']} already")
    else:
        before = "" if found["before"] is None else f", was at {found['before']}"
        print(f"{label} is at {found['name']}@{found['number']}{before}")


@prompts.command(epilog=examples("selfinstruct prompts history label_first/question"))
def history(name: Name, folder: Folder = PROMPTS, as_json: AsJson = False) -> None:
    """Every version of a prompt and every move of its labels: who, when and why."""
    from selfinstruct.cli.prompts import history_of
    from selfinstruct.cli.prompts_text import print_history
    from selfinstruct.cli.tables import stdout

    found = history_of(folder, name)
    print_json(found) if as_json else print_history(stdout(), found)


@prompts.command(epilog=examples("selfinstruct prompts uses aim"))
def uses(
    name: Annotated[str, typer.Argument(metavar="SNIPPET", help="Such as aim.")],
    folder: Folder = PROMPTS,
    as_json: AsJson = False,
) -> None:
    """List the prompts that include a snippet."""
    from selfinstruct.cli.prompts import uses_of
    from selfinstruct.cli.prompts_text import print_uses
    from selfinstruct.cli.tables import stdout

    found = uses_of(folder, name)
    print_json(found) if as_json else print_uses(stdout(), found)


@prompts.command(epilog=examples("selfinstruct prompts copy label_first/question"))
def copy(name: Name, folder: Folder = PROMPTS, as_json: AsJson = False) -> None:
    """Put a shipped prompt into the folder, to be edited there."""
    from selfinstruct.cli.prompts import copy_prompt

    found = copy_prompt(folder, name)
    print_json(found) if as_json else print(found["path"])
