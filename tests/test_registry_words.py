"""Word differences of templates."""

from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.prompting import Source, Template
from selfinstruct.registry.words import Piece, compare, diff


def test_words_that_changed_stand_alone_and_far_lines_are_counted() -> None:
    lines = [f"line {n}\n" for n in range(9)]
    after = [*lines[:4], "row 4\n", *lines[5:]]
    assert diff("".join(lines), "".join(after)) == [
        Piece("skipped", "2"),
        Piece("same", "line 2\nline 3\n"),
        Piece("removed", "line"),
        Piece("added", "row"),
        Piece("same", " 4\n"),
        Piece("same", "line 5\nline 6\n"),
        Piece("skipped", "2"),
    ]


def test_a_new_text_is_all_added() -> None:
    assert diff("", "a b\n") == [Piece("added", "a b\n")]
    assert diff("a", "a") == [Piece("skipped", "1")]


TEXT = st.text(st.sampled_from("ab \n\u2028\r{}"), max_size=40)


@given(TEXT, TEXT)
def test_a_difference_holds_both_texts(before: str, after: str) -> None:
    one, other = before.count("\n"), after.count("\n")
    pieces = diff(before, after)
    if any(piece.op == "skipped" for piece in pieces):
        assert min(one, other) > 0 or before == after
        return
    for text, left_out in ((before, "added"), (after, "removed")):
        assert "".join(piece.text for piece in pieces if piece.op != left_out) == text


def test_a_snippet_that_changed_is_part_of_it() -> None:
    def template(snippet: str) -> Template:
        return Template("a.j2", {"a.j2": Source("a", ""), "b.j2": Source(snippet, "")})

    assert compare(template("x"), template("x")) == {}
    assert compare(template("x"), template("y")).keys() == {"b.j2"}
    assert list(compare(None, template("x"))) == ["a.j2", "b.j2"]
