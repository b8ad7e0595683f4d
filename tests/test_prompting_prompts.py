"""Forms, and the templates that stand in the place of shipped ones."""

import pytest

from selfinstruct.prompting import SHIPPED, Arm, Form, Prompts, Source, Template, shipped
from selfinstruct.recipes import FORMS, Order
from selfinstruct.recipes.self_instruct import PROPOSE
from selfinstruct.types import Example, Message


def own(text: str, name: str = "self_instruct/propose.j2") -> Template:
    source = '{% call turn("user") %}' + text + "{% endcall %}"
    return Template(name, {name: Source(source, name)})


def test_a_prompt_remembers_what_it_shows() -> None:
    demos = (Example("Add.", "1 1", "2"), Example("Sing.", "", "La.", depth=2))
    prompt = SHIPPED.build(PROPOSE, demos, order=Order("self_instruct"))
    assert prompt.parents == tuple(demo.id for demo in demos)
    assert prompt.version == shipped("self_instruct/propose.j2").version
    assert prompt.messages[1].content == "1. Add.\n2. Sing."
    none = SHIPPED.build(PROPOSE, (), order=Order("self_instruct"))
    assert none.parents == ()


def test_a_template_stands_in_the_place_of_the_shipped_one() -> None:
    mine = own("Mine for {{ order.label }}.")
    prompt = Prompts({mine.name: mine}).build(PROPOSE, (), order=Order("x", "fee"))
    assert prompt.messages == (Message("user", "Mine for fee."),)
    assert (prompt.template, prompt.version) == (mine.name, mine.version)


def test_in_an_arm_its_template_is_asked_and_all_others_stay() -> None:
    one, two = own("One."), own("Two.")
    arms = (Arm("p@1", one, 0.7), Arm("p@2", two, 0.3))
    prompts = Prompts({"other.j2": one}, arms)
    assert prompts.in_arm("p@2").template(two.name) == two
    assert prompts.in_arm("p@2").template("other.j2") == one
    assert prompts.in_arm("") is prompts
    assert arms[0].recipe == "self_instruct"


@pytest.mark.parametrize("values", [{}, {"order": 1, "more": 2}, {"oder": 1}])
def test_what_a_form_does_not_name_is_a_bug(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"propose\.j2 is told"):
        SHIPPED.build(PROPOSE, (), **values)


@pytest.mark.parametrize("form", [form for forms in FORMS.values() for form in forms])
def test_a_form_is_of_its_recipe_and_tries_with_and_without_examples(form: Form) -> None:
    assert form in FORMS[form.recipe]
    assert f"{form.short}.j2" == form.name
    whole, little = form.trials()
    assert whole.keys() == little.keys() == {"demos", *form.sample}
    assert (bool(whole["demos"]), bool(little["demos"])) == (True, False)
    assert form.bare.keys() <= form.sample.keys()
