"""Names of any script in the PDF: the right glyphs, joined and in the right order."""

import pytest

from accounts.tests.factories import UserFactory
from scans.services.reports.pdf.document import render_pdf
from scans.services.reports.pdf.shaping import Line, needs_shaping, shaped_lines
from scans.services.reports.pdf.writing_direction import levels_of
from scans.tests.core.factories import PatientFactory, make_signed_report, make_study

NAMES = {
    "王小明": "NotoSansCJK",
    "山田 はなこ": "NotoSansCJK",
    "김하늘": "NotoSansCJK",
    "محمد عبد الله": "NotoSansArabic",
    "שָׁלוֹם כהן": "NotoSansHebrew",
    "अनिल क्षत्रिय": "NotoSansDevanagari",
    "สมชาย ใจดี": "NotoSansThai",
    "👩‍⚕️": "NotoEmoji",
}


def only_line(text: str, **options) -> Line:
    (line,) = shaped_lines(text, width=60, **options)
    return line


@pytest.mark.parametrize(("name", "face"), NAMES.items(), ids=ascii)
def test_a_name_is_set_in_a_face_of_its_script_without_a_missing_glyph(name, face):
    assert needs_shaping(name, plain=frozenset(range(0x20, 0x250)))
    runs = only_line(name).runs
    assert any(face in run.face.path.name for run in runs)
    assert all(glyph for run in runs for glyph, *_ in run.glyphs)


def test_arabic_letters_are_joined_and_run_from_right_to_left():
    (run,) = only_line("محمد").runs
    plain = [run.face.font.get_nominal_glyph(ord(letter)) for letter in "محمد"]
    shown = [glyph for glyph, *_ in run.glyphs]
    assert len(shown) == 4
    assert set(shown) != set(plain)  # forms of the beginning, the middle and the end
    assert [x for _, x, _, _ in run.glyphs] == sorted(x for _, x, _, _ in run.glyphs)
    (alone,) = only_line("د").runs
    assert shown[0] != alone.glyphs[0][0]  # the last letter stands at the left, joined


def test_latin_and_numbers_keep_their_order_in_hebrew_and_the_reverse():
    line = only_line("כהן (A-7)")
    assert line.is_right_to_left
    assert [run.text for run in line.runs] == [")", "A-7", " (", "כהן"]
    mixed = only_line("MRN A-7, כהן, born 1980")
    assert not mixed.is_right_to_left
    assert [run.text for run in mixed.runs] == ["MRN A-7, ", "כהן", ", born 1980"]
    assert levels_of("א12") == [1, 2, 2]
    assert levels_of("a12א") == [0, 0, 0, 1]


def test_one_emoji_is_one_sign_and_what_no_face_has_is_named():
    (run,) = only_line("👩‍⚕️").runs
    assert [advance > 0 for *_, advance in run.glyphs].count(True) == 1
    named = "".join(run.text for run in only_line("a \ue000 b").runs)
    assert named == "a [U+E000] b"


def test_lines_break_between_chinese_characters_but_not_before_a_full_stop():
    lines = shaped_lines("王" * 10 + "。" + "王" * 9, width=10)
    texts = ["".join(run.text for run in line.runs) for line in lines]
    assert "".join(texts) == "王" * 10 + "。" + "王" * 9
    assert all(line.width <= 10 for line in lines)
    assert not any(text.startswith("。") for text in texts)


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_report_prints_the_name_as_shapes_and_as_text_to_search(name):
    user = UserFactory(radiologist=True)
    study = make_study(patient=PatientFactory(created_by=user, family_name=name, given_name=""))
    report = make_signed_report(study=study, author=user, findings=f"{name}\n" * 80)
    content = render_pdf(report)
    assert content.startswith(b"%PDF-")
    assert b"NeuroScan-Unseen" in content  # the font of the text below the shapes
