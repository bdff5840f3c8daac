"""One key, one meaning: on the worklist, the study page, in the report editor and in the viewer."""

import re

import pytest
from django.conf import settings

SCRIPTS = settings.BASE_DIR / "static" / "js"
SOURCE = settings.BASE_DIR / "viewer" / "src"

# What each key of a page does, as the command of the viewer that does the same there; None where
# the viewer has no such act: the key is then nothing else's there.
PAGES = {
    "core/site.js": {"Ctrl+Z": "undo"},
    "reading/worklist.js": {
        "J": "next-image",
        "K": "previous-image",
        "N": "next-study",
        "Shift+R": None,  # take, release
        "Shift+P": None,  # priority
        "Shift+A": None,  # assignee
        "/": None,  # find
        "?": "keys",
        "Escape": "cancel",
    },
    "reading/verdict_lines.js": {
        "A": "decide-accept",
        "F": "decide-modify",
        "R": "decide-reject",
    },
    "reading/report_key.js": {"Shift+W": "report"},
    "reading/image_strip.js": {"ArrowLeft": "left", "ArrowRight": "right"},
    "reading/contradictions.js": {"Escape": "cancel"},
    "studies/study.js": {"H": "peek"},
    "reports/report.js": {"Ctrl+Enter": "sign-next"},
    "reports/next_study.js": {"N": "next-study"},
}
# These say who has the focus, and give no key a meaning of its own.
NO_KEYS = {
    "core/closed_lists.js",
    "reading/choices_by_key.js",
    "reading/pointed_choices.js",
    "reading/sign_on_purpose.js",
}
COMMAND = re.compile(r"""\b\w+\(\s*["'`]([\w-]+)["'`],\s*"[^"]*",\s*"([^"]+)",""")


def block(text: str, begin: str) -> str:
    """Return what stands between these words and the line that ends it."""
    return text.split(begin, 1)[1].split("\n}", 1)[0]


def of_viewer() -> list[tuple[str, str]]:
    """Return key and name of every command, as delivered."""
    commands = (SOURCE / "commands.ts").read_text()
    keys = (SOURCE / "keys.ts").read_text()
    found = [(key, name) for name, key in COMMAND.findall(commands)]
    found += [
        (key, name) for name, key in COMMAND.findall((SOURCE / "tools" / "tools.ts").read_text())
    ]
    shapes = block(commands, "const SHAPE_KEYS: Record<Shape, string> = {")
    found += [(key, f"draw-{name}") for name, key in re.findall(r'(\w+): "([^"]+)"', shapes)]
    drags = block(commands, "const TOOLS: Record<DragTool, [string, string]> = {")
    found += [(key, f"drag-{name}") for name, key in re.findall(r'(\w+): \[".*", "(.+)"\]', drags)]
    verdicts = dict(re.findall(r'(\w+): "([^"]+)"', block(keys, "const KEYS_OF_VERDICTS = {")))
    found.append((verdicts.pop("sign"), "sign-next"))
    for name, key in verdicts.items():
        kind = "decide" if key.isalpha() else "finding"
        found.append((key, f"{kind}-{name}"))
    found += [(str(count + 4), f"panes-{count}") for count in range(1, 5)]
    return found


def test_the_commands_of_the_viewer_are_found():
    found = {name for _, name in of_viewer()}
    assert len(found) > 70
    assert found > {"probe", "draw-angle", "drag-pan", "decide-accept", "finding-tumor", "peek"}
    assert found > {"panes-4", "sign-next", "pan-left", "rotate-left", "calibrate", "brighter"}


def test_no_two_commands_of_the_viewer_have_one_key():
    keys = [key for key, _ in of_viewer()]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("script", PAGES)
def test_a_key_of_a_page_does_in_the_viewer_the_same_or_nothing(script):
    viewer = dict(of_viewer())
    assert {key: viewer.get(key) for key in PAGES[script]} == PAGES[script]


def test_every_script_that_gives_keys_a_meaning_is_in_the_table():
    listens = {
        str(path.relative_to(SCRIPTS))
        for path in SCRIPTS.rglob("*.js")
        if re.search(
            r"""(?<![\w.])((document|window)\.)?addEventListener\("keydown""", path.read_text()
        )
    }
    assert listens == set(PAGES) | NO_KEYS


def test_the_table_has_the_keys_of_the_scripts():
    acts = block((SCRIPTS / "reading/worklist.js").read_text(), "const acts = {")
    keys = re.findall(r"""^  "?([^\s"]+?)"?: \(\)""", acts, flags=re.MULTILINE)
    keys = [f"Shift+{key}" if key.isupper() else key.upper() for key in keys]
    assert {*keys, "Escape"} == set(PAGES["reading/worklist.js"])
    (lines,) = re.findall(
        r"const keys = \{(.*)\}", (SCRIPTS / "reading/verdict_lines.js").read_text()
    )
    keys = re.findall(r'(\w): "', lines)
    assert {key.upper() for key in keys} == set(PAGES["reading/verdict_lines.js"])
