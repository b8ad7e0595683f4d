from selfinstruct.report.chart import nothing
from selfinstruct.report.html import picture


def test_a_chart_of_nothing_is_a_panel_of_words_that_are_escaped() -> None:
    empty = nothing("n", "T", "c", ("a",), "<b>none</b>\ngo on")
    assert picture(empty, "") == (
        '<div class="missing"><p>&lt;b&gt;none&lt;/b&gt;</p><p>go on</p></div>'
    )
