from collections.abc import Sequence

import pytest

from selfinstruct.export.hub_licenses import dataset_license, model_license, on_hub
from selfinstruct.types import Example


@pytest.mark.parametrize(
    ("term", "word"),
    [
        ("CC-BY-4.0", "cc-by-4.0"),
        ("Gemma", "gemma"),
        ("ODbL-1.0", "odbl"),
        ("NOASSERTION", "unknown"),
        ("Acme\n---\nx: y", "other"),
    ],
)
def test_a_licence_is_told_in_the_words_of_the_hub(term: str, word: str) -> None:
    assert on_hub(term) == word


def test_a_data_set_names_all_that_its_rows_come_under() -> None:
    rows = [Example("a", license="MIT AND CC-BY-4.0"), Example("b"), Example("c", license="MIT")]
    assert dataset_license(rows) == ["cc-by-4.0", "mit", "unknown"]
    assert dataset_license([]) == ["unknown"]


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        (["MIT", "mit"], "mit"),
        (["MIT", "Gemma"], "other"),
        (["MIT", "NOASSERTION"], "unknown"),
        ([], "unknown"),
    ],
)
def test_weights_have_one_word_and_claim_none_that_is_not_known(
    terms: Sequence[str], word: str
) -> None:
    assert model_license(terms) == word
