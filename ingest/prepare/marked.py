"""YAML in which every value is text and knows its line.

A profile maps codes: to YAML 1.1 an unquoted ``NO`` is false, ``005`` is five and ``1.0`` a float.
Here a scalar is the text that stands in the file, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

# Far more than a profile needs; a bomb of aliases is refused with them.
DEEPEST = 12


class MarkedError(ValueError):
    """A text that is no YAML of the plain kind. ``code`` is a message, ``line`` where (from 1)."""

    def __init__(self, code: str, line: int, **values: str) -> None:
        super().__init__(f"{code} (line {line})")
        self.code = code
        self.line = line
        self.values = values


@dataclass(frozen=True)
class Marked:
    """A value of a file: ``None``, text, a list or a mapping of ``Marked``; ``line`` from 1.

    ``path`` says where it stands, as ``tables.client.columns.gender``; ``key_lines`` of a mapping
    are the lines of its keys.
    """

    value: str | list[Marked] | dict[str, Marked] | None
    line: int
    path: str
    key_lines: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """The text of a scalar; ``None`` for anything else and for an empty one."""
        return self.value if isinstance(self.value, str) else None

    @property
    def mapping(self) -> dict[str, Marked]:
        """The entries of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Marked]:
        """The entries of a list; empty for anything else."""
        return self.value if isinstance(self.value, list) else []

    def walk(self) -> Iterator[Marked]:
        """This value and everything in it."""
        yield self
        for child in [*self.items, *self.mapping.values()]:
            yield from child.walk()

    def plain(self) -> Any:
        """Without lines."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def read_marked(text: str) -> Marked:
    """Read one YAML document. Raises ``MarkedError``."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise MarkedError("PROFILE_YAML", mark.line + 1 if mark else 1) from None
    except RecursionError:
        raise MarkedError("PROFILE_YAML", 1) from None
    if node is None:
        raise MarkedError("PROFILE_YAML", 1)
    return _marked(node, "", set(), 0)


def _marked(node: yaml.Node, path: str, seen: set[int], depth: int) -> Marked:
    line = node.start_mark.line + 1
    if id(node) in seen or depth > DEEPEST:
        raise MarkedError("PROFILE_ALIAS", line)
    if isinstance(node, yaml.ScalarNode):
        plain = node.style is None
        empty = plain and node.value in ("", "~", "null")
        return Marked(None if empty else node.value, line, path)
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        entries = [
            _marked(child, f"{path}[{number}]", seen, depth + 1) for number, child in enumerate(node.value, start=1)
        ]
        return Marked(entries, line, path)
    assert isinstance(node, yaml.MappingNode)
    mapping: dict[str, Marked] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key_line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise MarkedError("PROFILE_YAML", key_line)
        key = key_node.value
        if key in mapping:
            raise MarkedError("PROFILE_KEY_TWICE", key_line, field=f"{path}.{key}".lstrip("."))
        lines[key] = key_line
        mapping[key] = _marked(value_node, f"{path}.{key}".lstrip("."), seen, depth + 1)
    return Marked(mapping, line, path, lines)
