import pytest
from django.core.management import CommandError, call_command

from scans.management.commands import write_viewer_types
from scans.management.commands.write_viewer_types import type_of, types_of

pytestmark = pytest.mark.long


def test_the_committed_types_are_what_the_schema_gives():
    call_command("write_viewer_types", check=True)


def test_a_file_that_differs_is_refused_and_then_written(tmp_path, monkeypatch, settings):
    types = tmp_path / "types.ts"
    types.write_text("export type Point = string;\n")
    monkeypatch.setattr(write_viewer_types, "TYPES", types)
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"types\.ts is not what docs/openapi\.yaml gives"):
        call_command("write_viewer_types", check=True)
    call_command("write_viewer_types")
    call_command("write_viewer_types", check=True)
    assert "export interface FrameHeader {" in types.read_text()


@pytest.mark.parametrize(
    ("schema", "typescript"),
    [
        ({"type": "integer"}, "number"),
        ({"type": "string", "nullable": True}, "string | null"),
        ({"type": "string", "enum": ["a", "b"]}, '"a" | "b"'),
        ({"type": "array", "items": {"type": "string"}}, "string[]"),
        ({"type": "array", "items": {"type": "string", "nullable": True}}, "(string | null)[]"),
        (
            {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            "readonly [number, number]",
        ),
        ({"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": True}, "A | null"),
        (
            {
                "oneOf": [
                    {"$ref": "#/components/schemas/A"},
                    {"$ref": "#/components/schemas/NullEnum"},
                ],
                "nullable": True,
            },
            "A | null",
        ),
        ({"type": "object", "additionalProperties": {}}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
    ],
)
def test_the_type_of_a_schema(schema, typescript):
    assert type_of(schema) == typescript


def test_what_is_not_known_is_refused():
    with pytest.raises(ValueError, match="No TypeScript"):
        type_of({"type": "file"})


def test_a_component_is_written_with_all_that_it_names():
    parts = {
        "A": {
            "description": "One of them.\n\n* `x` - X",
            "properties": {
                "b": {"$ref": "#/components/schemas/B"},
                "note": {"type": "string", "description": "What was said."},
            },
            "required": ["b"],
        },
        "B": {"enum": ["x"], "description": "* `x` - X"},
        "C": {"type": "string"},
    }
    assert types_of(parts, roots=("A",)).split("\n", 2)[2] == (
        "/** One of them. */\n"
        "export interface A {\n"
        "  b: B;\n"
        "  /** What was said. */\n"
        "  note?: string;\n"
        "}\n\n"
        'export type B = "x";\n'
    )
