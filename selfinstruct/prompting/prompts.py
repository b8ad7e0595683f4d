"""What a run asks with: templates by name, and arms that share the prompts of a recipe.

Templates come with the package; a run may have its own in their place. Whoever asks names a form,
which says what its template is told, and gets a prompt that remembers the template's version.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfinstruct.prompting.template import SUFFIX, Template, shipped
from selfinstruct.types import Example, Prompt

SHOWN = (
    Example("Name the fee.", "It was 3 last month.", "A late fee.", label="fee"),
    Example("Name a colour.", response="Blue.", label="colour"),
)


@dataclass(frozen=True)
class Form:
    """One kind of question: its template's name, and a sample of each value that it is told.

    `bare` holds those values once more that may be empty, as they are when they are. Every template
    is also told `demos`, the examples that it shows.
    """

    name: str
    sample: Mapping[str, Any]
    bare: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipe(self) -> str:
        """The recipe that asks by it, or who else does: the folder of its template."""
        return self.name.partition("/")[0]

    @property
    def short(self) -> str:
        """Its name as people write it."""
        return self.name.removesuffix(SUFFIX)

    def trials(self) -> Iterator[dict[str, Any]]:
        """Values that a template must bear: with everything, and with little."""
        yield {"demos": SHOWN, **self.sample}
        yield {"demos": (), **self.sample, **self.bare}


@dataclass(frozen=True)
class Arm:
    """A template that shares the prompts of its recipe with others; `weight` is its share of them.

    `name` is what people call it: `label_first/question@7`.
    """

    name: str
    template: Template
    weight: float

    @property
    def recipe(self) -> str:
        """The recipe that asks by it."""
        return self.template.name.partition("/")[0]


@dataclass(frozen=True)
class Prompts:
    """The templates that stand in the place of shipped ones, by name, and the arms there are."""

    templates: Mapping[str, Template] = field(default_factory=dict)
    arms: tuple[Arm, ...] = ()

    def template(self, name: str) -> Template:
        """The template of that name, the shipped one where there is no other."""
        return self.templates.get(name) or shipped(name)

    def in_arm(self, name: str) -> "Prompts":
        """The same with the template of this arm in its place; empty for no arm."""
        if not name:
            return self
        arm = next(arm for arm in self.arms if arm.name == name)
        return replace(self, templates={**self.templates, arm.template.name: arm.template})

    def build(
        self, form: Form, demos: Sequence[Example], about: str | None = None, /, **values: Any
    ) -> Prompt:
        """The rendered template, which sees `demos` and `values`; the demos become its parents, and
        `about` is as in `Prompt`.

        Raises `UserError` as `Template.render` does.
        """
        if values.keys() != form.sample.keys():
            raise ValueError(f"{form.name} is told {sorted(values)}, and not {sorted(form.sample)}")
        template = self.template(form.name)
        told = {"demos": demos, **values}
        return Prompt(
            messages=template.render(told),
            template=template.name,
            version=template.version,
            parents=tuple(demo.id for demo in demos),
            about=about or "",
            values=told,
        )


SHIPPED = Prompts()
"""The prompts that come with the package."""
