"""Templates that do not fit what they are told are found before anything is spent."""

from dataclasses import dataclass

import pytest

from selfinstruct.errors import UserError
from selfinstruct.prompting import Form, Source, check, compose, shipped
from selfinstruct.wording import FORMS


@dataclass
class Order:
    label: str = "fee"


FORM = Form("a.j2", {"order": Order(), "shown": [{"text": "x"}]}, {"shown": []})


def user(body: str) -> str:
    return '{% call turn("user") %}' + body + "{% endcall %}"


def look(source: str, snippet: str = "") -> None:
    known = {"a.j2": Source(source, "at/a.j2"), "b.j2": Source(snippet, "at/b.j2")}
    check(compose("a.j2", known), FORM)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_shipped_template_fits_its_form(form: Form) -> None:
    check(shipped(form.name), form)


@pytest.mark.parametrize(
    "source",
    [
        user("{{ order.label }} {{ demos | length }}"),
        user("a{% for row in shown %}{{ row.text }}{{ loop.index }}{% endfor %}"),
        "{% set word = 1 %}" + user("{{ word }}"),
        "{% macro say(x) %}{{ x }}{{ caller is defined }}{% endmacro %}" + user("{{ say(1) }}"),
        user('a{% for row in shown %}{% include "b.j2" %}{% endfor %}'),
        "{% for order in shown %}{{ order.text and '' }}{% endfor %}" + user("a"),
        user("a{% for n in range(3) %}{{ n }}{% endfor %}"),
    ],
)
def test_what_is_told_or_set_may_be_used(source: str) -> None:
    look(source, "{{ row.text }}")


def test_a_macro_of_another_file_may_be_used() -> None:
    look(
        '{% from "b.j2" import m %}' + user("a{{ m(1) }}"), "{% macro m(x) %}{{ x }}{% endmacro %}"
    )


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("\n" + user("{{ lable }}"), "at/a.j2:2: unknown variable 'lable'; known: demos, order"),
        (user("{{ shwon }}"), "at/a.j2:1: unknown variable 'shwon'; did you mean shown?"),
        (user("a{% if false %}\n{{ gone }}{% endif %}"), "at/a.j2:2: unknown variable 'gone'"),
        (user("a{% if false %}\n{{ order.lable }}{% endif %}"), "at/a.j2:2: unknown attribute"),
        (user("{{ order.lable }}"), "order.lable; did you mean label?"),
        (user("a{% for row in shown %}\n{{ row.txt }}{% endfor %}"), "at/a.j2:2: "),
        (user("{{ shown[0].text }}"), "at/a.j2:1: "),  # there may be none to show
        (user("{% include 'b.j2' %}"), "at/b.j2:2: unknown variable 'nowhere'"),
        ("{% for row in shown %}" + user("a") + "{% endfor %}", "the last turn is not the user's"),
        (user("{{ ''.__class__ }}"), "at/a.j2:1: access to attribute '__class__'"),
        (user("\n{{ 'a' | nope }}"), "at/a.j2:2: No filter named 'nope'"),
        (user("\n{{ 1 is nope }}"), "at/a.j2:2: No test named 'nope'"),
    ],
)
def test_what_is_not_is_named_with_file_and_line(source: str, complaint: str) -> None:
    with pytest.raises(UserError) as raised:
        look(source, "\n{{ nowhere }}")
    assert complaint in str(raised.value)
