"""One value of a YAML text replaced, every comment and blank line where it was."""

from collections.abc import Sequence

import yaml

from selfinstruct.errors import UserError


def set_value(text: str, path: Sequence[str], value: str) -> str:
    """A YAML text, a path such as (mixture, synthetic_share) and a plain scalar in, the text out.

    The value is replaced in place, or added to its section, or the section is added at the end.
    Raises `UserError` where the path leads through something that is not a mapping.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        return f"{text.rstrip()}\n{_written(path, value)}".lstrip()
    node, depth = _descend(root, path)
    if depth == len(path):
        start, end = node.start_mark.index, node.end_mark.index
        if not isinstance(node, yaml.ScalarNode):
            raise UserError(f"{'.'.join(path)} holds a list or a section, not one value")
        return f"{text[:start]}{value}{text[end:]}"
    if not isinstance(node, yaml.MappingNode):
        raise UserError(f"{'.'.join(path[:depth])} is one value, not a section")
    if node.flow_style:
        at = node.start_mark.index + 1
        between = ", " if node.value else ""
        return f"{text[:at]}{_flow(path[depth:], value)}{between}{text[at:]}"
    first = node.value[0][0].start_mark
    line = text.rfind("\n", 0, first.index) + 1
    block = _written(path[depth:], value, first.column)
    if depth:
        return f"{text[:line]}{block}{text[line:]}"
    return f"{text.rstrip()}\n\n{block}"


def _descend(root: yaml.Node, path: Sequence[str]) -> tuple[yaml.Node, int]:
    """The deepest node on the path, and how many of its names lead there."""
    node = root
    for depth, name in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            return node, depth
        found = next((value for key, value in node.value if key.value == name), None)
        if found is None:
            return node, depth
        node = found
    return node, len(path)


def _flow(path: Sequence[str], value: str) -> str:
    inner = f"{path[-1]}: {value}"
    for name in reversed(path[:-1]):
        inner = f"{name}: {{{inner}}}"
    return inner


def _written(path: Sequence[str], value: str, indent: int = 0) -> str:
    lines = [f"{' ' * (indent + 2 * at)}{name}:" for at, name in enumerate(path)]
    return "\n".join(lines) + f" {value}\n"
