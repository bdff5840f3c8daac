import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

SCHEMA = settings.BASE_DIR / "docs" / "openapi.yaml"
TYPES = settings.BASE_DIR / "viewer" / "src" / "types.ts"
# What the viewer reads; what these name is written as well.
ROOTS = ("ViewerStudy", "Annotation", "AnnotationVersion", "FrameHeader")
HEAD = "// What the API returns. Written from docs/openapi.yaml by: manage.py write_viewer_types"
LINE = 100  # as Biome formats the viewer's sources
SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


class Command(BaseCommand):
    help = "Write the viewer's types, viewer/src/types.ts, from docs/openapi.yaml."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; fail where the file would change."
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        schema = yaml.safe_load(SCHEMA.read_text())
        text = types_of(schema["components"]["schemas"], roots=ROOTS)
        if not check:
            TYPES.write_text(text)
            self.stdout.write(f"Wrote {_shown(TYPES)}.")
        elif not TYPES.is_file() or TYPES.read_text() != text:
            raise CommandError(
                f"{_shown(TYPES)} is not what docs/openapi.yaml gives: "
                "run manage.py write_viewer_types, and commit it."
            )


def types_of(components: dict[str, Any], *, roots: tuple[str, ...]) -> str:
    """TypeScript with one exported type a component: the roots, and all that they name."""
    wanted, found = list(roots), set[str]()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += _references(components[name])
    parts = [_declaration(name, components[name]) for name in sorted(found)]
    return "\n".join([f"{HEAD}\n", *parts])


def type_of(schema: dict[str, Any]) -> str:
    """The TypeScript of one schema, in one line. Raises `ValueError` for what it does not know."""
    expression = _plain(schema)
    return f"{expression} | null" if schema.get("nullable") and expression != "null" else expression


def _plain(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _name(schema["$ref"])
    for several in ("oneOf", "allOf"):
        if several in schema:
            sign = " | " if several == "oneOf" else " & "
            parts = [part for part in schema[several] if not _is_null(part)]
            return sign.join(type_of(part) for part in parts)
    if "enum" in schema:
        return " | ".join("null" if one is None else f'"{one}"' for one in schema["enum"])
    if schema.get("type") == "array":
        return _array(schema)
    if schema.get("type") == "object" and "properties" not in schema:
        values = schema.get("additionalProperties") or {}
        return f"Record<string, {type_of(values) if values else 'unknown'}>"
    try:
        return SIMPLE[schema["type"]]
    except KeyError as error:
        raise ValueError(f"No TypeScript is known for {schema}.") from error


def _array(schema: dict[str, Any]) -> str:
    item, most = type_of(schema["items"]), schema.get("maxItems")
    if most and most == schema.get("minItems"):
        return f"readonly [{', '.join([item] * most)}]"
    return f"({item})[]" if " " in item else f"{item}[]"


def _declaration(name: str, schema: dict[str, Any]) -> str:
    """The exported type of a component, formatted as Biome does."""
    lines = _comment(schema.get("description", "") if "enum" not in schema else "")
    if "properties" in schema:
        lines.append(f"export interface {name} {{")
        required = schema.get("required", [])
        for member, part in schema["properties"].items():
            lines += [f"  {line}" for line in _comment(part.get("description", ""), indent=2)]
            lines.append(f"  {member}{'' if member in required else '?'}: {type_of(part)};")
        return "\n".join([*lines, "}", ""])
    expression = type_of(schema)
    whole = f"export type {name} = {expression};"
    if len(whole) <= LINE:
        return "\n".join([*lines, whole, ""])
    parts = [f"  | {part}" for part in expression.split(" | ")]
    return "\n".join([*lines, f"export type {name} =", *parts]) + ";\n"


def _comment(description: str, *, indent: int = 0) -> list[str]:
    """The first paragraph of a description; what follows lists the choices of an enumeration."""
    words = " ".join(description.split("\n\n")[0].split())
    if not words or words.startswith("* "):
        return []
    if indent + len(words) + len("/**  */") <= LINE:
        return [f"/** {words} */"]
    wrapped = textwrap.wrap(words, LINE - indent - len(" * "))
    return ["/**", *(f" * {line}" for line in wrapped), " */"]


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part and not _is_null(part):
            yield _name(part["$ref"])
        for key, value in part.items():
            if key != "discriminator":
                yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _is_null(part: dict[str, Any]) -> bool:
    """drf-spectacular's way to say that null is one of the choices; `nullable` says it too."""
    return part.get("$ref", "").endswith("/NullEnum")


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _shown(path: Path) -> Path:
    return path.relative_to(settings.BASE_DIR)
