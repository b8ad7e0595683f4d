"""What people call a prompt."""

import pytest

from selfinstruct.errors import UserError
from selfinstruct.registry.names import Ref, check_label, read_name, read_ref


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("label_first/question", "label_first/question.j2", "any"),
        ("label_first/question.j2", "label_first/question.j2", "any"),
        ("aim@7", "aim.j2", "number"),
        ("aim@v7", "aim.j2", "number"),
        ("aim@990c80563e77", "aim.j2", "version"),
        ("aim@production", "aim.j2", "label"),
        ("aim@shipped", "aim.j2", "shipped"),
        ("aim@working", "aim.j2", "working"),
        ("weiß/früh@größer", "weiß/früh.j2", "label"),
        ("we\u0069\u0308ss", "we\u00efss.j2", "any"),
        ("質問/一", "質問/一.j2", "any"),
        ("two words", "two words.j2", "any"),
    ],
)
def test_a_reference_is_a_name_and_what_of_it_is_meant(text: str, name: str, kind: str) -> None:
    ref = read_ref(text)
    assert (ref.name, ref.kind) == (name, kind)
    assert read_ref(str(ref)) == ref


def test_a_number_is_read_with_and_without_its_letter() -> None:
    assert read_ref("a@v12").number == read_ref("a@12").number == 12
    assert (Ref("a/b.j2").short, str(Ref("a/b.j2", "7"))) == ("a/b", "a/b@7")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "../x",
            "a/../x",
            "/etc/passwd",
            "..",
            ".",
            "",
            "a//b",
            "a/",
            "./a",
            ".hidden",
            "a/.git/b",
        ),
        *("a\\b", "C:x", "a\nb", "a\x00b", " a", "a ", "a/ b", "a\u202eb", ".registry/x"),
    ],
)
def test_a_name_stays_inside_its_folder(text: str) -> None:
    with pytest.raises(UserError, match="is no name of a prompt"):
        read_name(text)


@pytest.mark.parametrize(
    "text", ["", "7", "v7", "shipped", "working", "-x", "a b", "a/b", "x" * 65]
)
def test_a_label_can_be_taken_for_nothing_else(text: str) -> None:
    with pytest.raises(UserError, match="is no label"):
        check_label(text)


@pytest.mark.parametrize("text", ["a@", "a@x y", "a@b@c", "a@0"])
def test_a_reference_to_nothing_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        read_ref(text)
