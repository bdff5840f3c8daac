"""What a text says, as far as a signature asks: of a tumor, and of which side.

Plain English by word lists, clause by clause. It errs towards saying nothing: what it takes for a
statement is only ever shown to the signer as a question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CLAUSES = re.compile(r"[.;:!?\n]+(?=\s|$)|\n+|,?\s\b(?:but|however|although|whereas|while)\b")
_TUMOR = re.compile(
    r"\b(?:tumou?rs?|neoplas\w+|malignan\w+|\w*gliomas?|\w*blastomas?|gbm|pcnsl|dnet|"
    r"\w*astrocytomas?|meningiomas?|metasta\w+|lymphomas?|\w*adenomas?|\w*schwannomas?|"
    r"neur(?:in)?omas?|prolactinomas?|\w*germinomas?|teratomas?|chordomas?|pine(?:al|ocyt)omas?|"
    r"ependymomas?|\w*carcinomas?|"
    r"craniopharyngiomas?|space[- ]occupying|mass(?:es)?(?!\s+effect)|"
    r"suspicious (?:\w+ )?(?:lesions?|foc(?:us|i)|findings?)|"
    r"(?:lesions?|foc(?:us|i)|findings?) (?:is |are )?suspicious)\b",
    re.IGNORECASE,
)
# What a tumor is called by its place; in a text it may be anything.
_TUMOR_SITE = re.compile(r"\bpituitary lesions?\b", re.IGNORECASE)
_LESION = re.compile(r"\b(?:lesions?|enhanc\w+)\b", re.IGNORECASE)
_NORMAL = re.compile(
    r"(?<!not )(?<!n't )\b(?:normal (?:brain|mri|mr|head|study|examination|scan|findings?)|"
    r"normal for (?:the )?age|"
    r"unremarkable|inconspicuous|within normal limits|"
    r"age[- ](?:appropriate|adequate|related)|appropriate for (?:the |the patient's )?age)\b"
    r"|\bnothing (?:suspicious|abnormal|pathological|remarkable|of note)\b"
    r"|\bno (?!new\b|change|further\b|other\b|additional\b|more\b)(?:[\w-]+ ){0,3}"
    r"(?:abnormal(?:ity|ities)|patholog(?:y|ies)|(?:abnormal|pathological) findings?|lesions?)\b"
    r"|\bno evidence of (?:\w+ )?disease\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:no|not|nothing|without|absen(?:t|ce)|negative for|free of|exclud\w+|ruled? out|neither|"
    r"nor|never|unlikely)\b|n't\b",
    re.IGNORECASE,
)
# What denies the tumor that was named before it: "a mass is not seen", "glioma: none".
_DENIED_AFTER = re.compile(
    r"(?:\bnot|n't|\bnever)(?: been)?(?: (?:clearly|reliably|convincingly))? "
    r"(?:seen|present|visible|identified|found|evident|detected|detectable|demonstrated|confirmed|likely|suspected|apparent|"
    r"there|shown|depicted)\b|\b(?:absent|unlikely|exclud\w+|ruled? out|none)\b",
    re.IGNORECASE,
)
# A denial of these leaves the tumor that it is about where it is: "no growth of the meningioma".
_COURSE = re.compile(
    r"\bno (?:\w+ ){0,2}(?:change|growth|progress\w*|increase|enlargement)\b", re.IGNORECASE
)
_LISTED = re.compile(r"\b(?:or|nor)\b", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(?:cannot|can not|could not|not|can't) (?:be )?(?:fully |entirely )?"
    r"(?:exclud\w+|ruled? out)|"
    r"\b(?:indeterminate|uncertain|unclear|possibl[ey]|equivocal|questionable|versus|vs|may be|"
    r"might be|could be)\b",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"\b(?:history of|status post|s/p|(?:after|following) (?:the )?(?:resection|surgery|treatment|"
    r"therapy|radiation|removal)|resected|previous(?:ly)?|prior|question of|screening)\b",
    re.IGNORECASE,
)
_THERE_AGAIN = re.compile(r"\b(?:recurren\w+|residual|progress\w+|regrowth)\b", re.IGNORECASE)
_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_NO_SIDE = re.compile(
    r"\bright (?:after|before|away|now)\b|\bleft (?:out|over|untouched|behind)\b|"
    r"\b(?:have|has|had|was|were|is|are) left\b",
    re.IGNORECASE,
)
_IMAGE_SIDE = re.compile(
    r"\bimage[ -](left|right)\b|\b(left|right) (?:half|side|part) of the image\b|"
    r"\b(left|right) on the image\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Stance:
    """What a text says of a tumor; all of it can be true of one text, or none."""

    asserted: bool = False
    denied: bool = False
    doubted: bool = False
    lesion: bool = False  # something that may be one is described


def stance_of(text: str) -> Stance:
    """Return whether the text says that there is a tumor, that there is none, or that in doubt."""
    asserted = denied = doubted = lesion = False
    for clause in _clauses(text):
        if _DOUBT.search(clause):
            doubted = True
        elif _is_denied(clause):
            denied = True
        elif _HISTORY.search(clause) and not _THERE_AGAIN.search(clause):
            continue
        elif _TUMOR.search(clause):
            asserted = True
        elif _LESION.search(clause) and not _DENIAL.search(clause):
            lesion = True
    return Stance(asserted, denied, doubted, lesion)


def _is_denied(clause: str) -> bool:
    if _TUMOR.search(clause):
        return not _has_standing_tumor(clause) or _is_normal_but_for_history(clause)
    return _NORMAL.search(clause) is not None


def _is_normal_but_for_history(clause: str) -> bool:
    return _NORMAL.search(clause) is not None and _HISTORY.search(clause) is not None


def _has_standing_tumor(clause: str) -> bool:
    """Whether one of the tumors that the clause names is not denied.

    What is denied stands after the denial, to the next comma: "meningioma without edema" names one.
    In a list ("no hemorrhage, mass or infarct") it reaches to the end, and elsewhere over bare
    names that follow ("no edema, mass"), not over what is described ("no edema, 3 cm mass").
    """
    is_denied, is_list = False, _LISTED.search(clause) is not None
    for part in clause.split(","):
        denial = None if _COURSE.search(part) else _DENIAL.search(part)
        for tumor in _TUMOR.finditer(part):
            is_bare = len(part.split()) <= 2 and not re.search(r"\d", part)
            if (denial and denial.start() < tumor.start()) or _DENIED_AFTER.search(
                part, tumor.end()
            ):
                continue
            if is_denied and (is_list or is_bare):
                continue
            return True
        is_denied = is_denied or denial is not None
    return False


def names_a_tumor(label: str) -> bool:
    """Return whether a label, as of a mark, names a tumor, be it in doubt; not one of before."""
    if _HISTORY.search(label) and not _THERE_AGAIN.search(label):
        return False
    if _TUMOR.search(label) and (_DOUBT.search(label) or _has_standing_tumor(label)):
        return True
    return _TUMOR_SITE.search(label) is not None and _DENIAL.search(label) is None


def denies(text: str) -> bool:
    """Return whether the text says that something is not so."""
    return _DENIAL.search(text) is not None


def sides_of(text: str) -> frozenset[str]:
    """Return the sides of the patient that something is described on: left, right."""
    found: set[str] = set()
    for clause in _clauses(text):
        if _DENIAL.search(clause):
            continue
        plain = _NO_SIDE.sub(" ", _IMAGE_SIDE.sub(" ", clause))
        found |= {side.lower() for side in _SIDE.findall(plain)}
    return frozenset(found)


def image_sides_of(text: str) -> frozenset[str]:
    """Return the halves of an image that the text names: image left, image right."""
    return frozenset(side.lower() for found in _IMAGE_SIDE.findall(text) for side in found if side)


def _clauses(text: str) -> Iterator[str]:
    return (clause for clause in _CLAUSES.split(text) if clause and clause.strip())
