"""What a text of a report is taken to say: of a tumor, and of which side."""

import pytest

from scans.services.reading.wording import image_sides_of, names_a_tumor, sides_of, stance_of


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Findings suspicious for an intracranial tumor.", "asserted"),
        ("No evidence of an intracranial tumor on the images provided.", "denied"),
        ("Indeterminate findings; further imaging or clinical correlation is advised.", "doubted"),
        ("Left frontal meningioma, 25 mm.", "asserted"),
        ("Left frontal tumour.", "asserted"),
        ("No mass effect.", ""),
        ("There is no mass, no midline shift.", "denied"),
        ("A mass isn't seen.", "denied"),
        ("A metastasis cannot be excluded.", "doubted"),
        ("Possible low-grade glioma.", "doubted"),
        ("Unremarkable study.", "denied"),
        ("Normal MRI of the head.", "denied"),
        ("No recurrence of the known meningioma.", "denied"),
        ("History of glioblastoma.", ""),
        ("After resection of the glioma there is a cavity.", ""),
        ("No infarct, but a meningioma.", "asserted"),
        ("Enhancing lesion in the left frontal lobe.", "lesion"),
        ("Clear sinuses.", ""),
        ("Age-appropriate findings, nothing suspicious. Follow-up not needed.", "denied"),
        ("Age appropriate atrophy.", "denied"),
        ("Findings appropriate for the patient's age.", "denied"),
        ("Normal for age.", "denied"),
        ("Nothing suspicious.", "denied"),
        ("Nothing abnormal on the left.", "denied"),
        ("No suspicious lesion.", "denied"),
        ("No lesion.", "denied"),
        ("No focal lesion seen.", "denied"),
        ("The brain is inconspicuous.", "denied"),
        ("All within normal limits.", "denied"),
        ("No abnormality.", "denied"),
        ("No acute intracranial abnormality.", "denied"),
        ("No abnormalities detected.", "denied"),
        ("No pathological findings.", "denied"),
        ("No space-occupying process.", "denied"),
        ("Normal scan after resection of the meningioma.", "denied"),
        ("Not within normal limits.", ""),
        ("No new lesion.", ""),
        ("No change of the known lesion.", ""),
        ("Oligodendroglioma of the left insula.", "asserted"),
        ("Hemangioblastoma.", "asserted"),
        ("Acoustic neuroma on the right.", "asserted"),
        ("Macroadenoma of the pituitary.", "asserted"),
        ("Prolactinoma.", "asserted"),
        ("Space-occupying process in the left frontal lobe.", "asserted"),
        ("Suspicious lesion in the left frontal lobe.", "asserted"),
        ("A suspicious enhancing focus.", "asserted"),
        ("The lesion is suspicious.", "asserted"),
        ("Unremarkable apart from a meningioma.", "asserted"),
        ("GBM.", "asserted"),
        ("Glioblastoma, no hydrocephalus.", "asserted"),
        ("Left frontal meningioma without edema.", "asserted"),
        ("No hydrocephalus, 3 cm glioma on the left.", "asserted"),
        ("Meningioma, not invading the sinus.", "asserted"),
        ("No growth of the left meningioma.", "asserted"),
        ("Recurrent glioma after resection.", "asserted"),
        ("Residual tumor following surgery.", "asserted"),
        ("No hemorrhage, mass or infarct.", "denied"),
        ("No hemorrhage, mass.", "denied"),
        ("No edema, infarct, or intracranial tumor.", "denied"),
        ("A tumor is not seen.", "denied"),
        ("Metastases are ruled out.", "denied"),
        ("No recurrent tumor after resection.", "denied"),
        ("Acute subdural hemorrhage.", ""),
        ("", ""),
    ],
)
def test_a_clause_says_one_thing_of_a_tumor(text, says):
    stance = stance_of(text)
    known = ("asserted", "denied", "doubted", "lesion")
    assert [name for name in known if getattr(stance, name)] == ([says] if says else [])


def test_two_clauses_may_say_both():
    stance = stance_of("No tumor in the posterior fossa. Left frontal glioma.")
    assert (stance.asserted, stance.denied) == (True, True)


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("Lesion in the left frontal lobe.", {"left"}),
        ("Left and RIGHT temporal lesions.", {"left", "right"}),
        ("No lesion on the right. Glioma on the left.", {"left"}),
        ("In the left half of the image.", set()),
        ("The operculum was left untouched; right after contrast it enhances.", set()),
        ("bright signal, upright", set()),
    ],
)
def test_sides_of_the_patient_are_found(text, sides):
    assert sides_of(text) == sides


def test_halves_of_the_image_are_another_thing():
    assert image_sides_of("Image left; in the right half of the image.") == {"left", "right"}
    assert image_sides_of("Left frontal lobe.") == set()


@pytest.mark.parametrize(
    ("label", "is_one"),
    [
        ("Suspected tumor", True),
        ("Pituitary lesion", True),
        ("Possible glioma", True),
        ("Tumor not excluded", True),
        ("Resected glioma", False),
        ("No tumor", False),
        ("Meningioma, no edema", True),
        ("Recurrent glioma", True),
        ("Cyst", False),
        ("Lesion", False),
        ("", False),
    ],
)
def test_a_label_names_a_tumor_or_not(label, is_one):
    assert names_a_tumor(label) is is_one
