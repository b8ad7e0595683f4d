import pytest

from selfinstruct.filters.tokens import tokens
from selfinstruct.text import words


@pytest.mark.parametrize("text", ["", "Two  words!", "\u4f60\u597d", "\ud83d a\0b", "a " * 1000])
def test_they_are_the_words_of_the_text_however_often_it_is_asked(text: str) -> None:
    assert list(tokens(text)) == words(text)
    assert tokens(text) is tokens(text)
