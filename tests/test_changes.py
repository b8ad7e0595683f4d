from selfinstruct.changes import differences


def test_a_field_that_only_one_side_knows_differs_and_a_content_does_not() -> None:
    assert [str(change) for change in differences({"a": 1}, {"a": 2, "b": "x"})] == [
        "a: 1 -> 2",
        "b: None -> 'x'",
    ]
    (change,) = differences({"a": "0123456789", "b": "x"}, {"a": "9876543210"}, content=True)
    assert str(change) == "a: what it names has changed (01234567 -> 98765432)"
