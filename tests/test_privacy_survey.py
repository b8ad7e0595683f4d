from selfinstruct.config import PrivacyConfig
from selfinstruct.privacy import Finder, Survey, survey
from selfinstruct.types import Example

FINDER = Finder.of(PrivacyConfig())


def test_rows_are_counted_by_kind_however_often_each_holds_it() -> None:
    rows = [
        Example("anna@web.de", "bert@web.de, +1 415 867 2291"),
        Example("x", response="carl@web.de"),
        Example("Order 4839201"),
    ]
    found = survey(rows, FINDER)
    assert found == Survey(2, 3, {"email": 2, "phone": 1})
    assert list(found.kinds) == ["email", "phone"]
    assert survey([], FINDER) == Survey(0, 0, {})
