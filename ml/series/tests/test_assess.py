import random
import re
from dataclasses import replace

import pytest

from ml.gate.reasons import Reason as GateReason
from ml.series import FAILED, NoOpinion, SeriesContext, SeriesOpinion, SliceEvidence, assess
from ml.series.assess import BLANK, coarser
from ml.series.tests.trial_rule import trial_evidence, trial_rule

SLICES = 26
CONTEXT = SeriesContext(slices_expected=SLICES, plane="axial", sequence="FLAIR", spacing_mm=5.0)
LESION = range(8, 12)
RULE = trial_rule()


def head(lesion: range | tuple[int, ...] = (), *, slices: int = SLICES) -> dict[int, SliceEvidence]:
    return {
        place: trial_evidence(logit=2.0, lesion=True) if place in lesion else trial_evidence()
        for place in range(slices)
    }


def opinion(evidence: dict[int, SliceEvidence], **changes: object) -> SeriesOpinion:
    said = assess(evidence, context=replace(CONTEXT, **changes), rule=RULE)
    assert isinstance(said, SeriesOpinion), said
    return said


def refusal(evidence: dict[int, SliceEvidence], **changes: object) -> NoOpinion:
    said = assess(evidence, context=replace(CONTEXT, **changes), rule=RULE)
    assert isinstance(said, NoOpinion), said
    return said


def test_a_lesion_through_neighboring_slices_is_called_and_carried_by_them():
    said = opinion(head(LESION))

    assert (said.label, said.final, said.analyzed) == ("tumor", True, SLICES)
    assert said.carrying == tuple(LESION)
    assert said.peak in LESION
    assert said.version == "series-1"


def test_a_head_without_one_is_not_and_still_names_its_most_suspicious_slice():
    evidence = head() | {5: trial_evidence(logit=-1.0)}

    said = opinion(evidence)

    assert said.label == "no_tumor"
    assert said.probability < 0.1
    assert said.carrying == (5,)


def test_the_same_slices_scattered_weigh_less_than_side_by_side():
    assert opinion(head((3, 9, 15, 21))).probability < opinion(head(LESION)).probability - 0.05


def test_the_order_in_which_slices_come_changes_nothing():
    evidence = head(LESION) | {20: SliceEvidence.without_opinion("unfamiliar")}
    said = opinion(evidence)

    for seed in range(3):
        order = list(evidence)
        random.Random(seed).shuffle(order)
        assert opinion({place: evidence[place] for place in order}) == said
    kept = {place: SliceEvidence.from_json(one.to_json()) for place, one in evidence.items()}
    assert opinion(kept) == said


def test_it_can_be_asked_at_any_time_and_is_final_when_all_are_finished():
    evidence = head(LESION)

    few = refusal({place: evidence[place] for place in range(12)})
    most = opinion({place: evidence[place] for place in range(20)})

    assert (few.reason, few.final) == ("unfinished", False)
    assert few.message.startswith("12 of 26 slices are analyzed")
    assert (most.analyzed, most.expected, most.final) == (20, 26, False)
    assert refusal({}).reason == "unfinished"


@pytest.mark.parametrize(
    ("changes", "reason", "says"),
    [
        ({"plane": None}, "plane_unknown", "state the plane"),
        ({"plane": "sagittal"}, "plane_not_calibrated", "measured on axial slices"),
        ({"sequence": None}, "sequence_unknown", r"state the sequence \(T1, FLAIR\)"),
        ({"sequence": "DWI"}, "sequence_not_calibrated", "none on DWI"),
        ({"sequence": "T2"}, "sequence_not_calibrated", "none on T2"),
        ({"spacing_mm": None}, "spacing_unknown", "state the spacing in millimeters"),
        ({"spacing_mm": 12.0}, "spacing_not_calibrated", "up to 10.8 mm apart"),
        ({"spacing_mm": 1.0}, "too_few_slices", "90 are needed"),
    ],
)
def test_outside_of_what_was_calibrated_there_is_no_opinion_but_a_remedy(changes, reason, says):
    said = refusal(head(LESION), **changes)

    assert said.reason == reason
    assert re.search(says, said.message)
    assert said.message.endswith(".")
    assert ";" in said.message
    assert said.final


def test_too_many_slices_without_a_result_take_the_opinion_away():
    turned_away = {place: SliceEvidence.without_opinion("not_brain_mri") for place in range(14, 22)}

    said = refusal(head(LESION) | turned_away)
    still = opinion(head(LESION) | {20: SliceEvidence.without_opinion(FAILED)})

    assert (said.reason, said.abstained) == ("too_many_abstentions", 8)
    assert "8 of 26 slices" in said.message
    assert still.abstained == 1


def test_blank_slices_above_and_below_the_head_are_no_abstentions():
    assert GateReason.UNREADABLE_CONTRAST.value in BLANK
    blank = SliceEvidence.without_opinion("unreadable_contrast")
    ends = dict.fromkeys((0, 1, 2, 23, 24, 25), blank)

    assert opinion(head(LESION) | ends).abstained == 0
    assert opinion(head(LESION) | ends | {14: blank}).abstained == 1


def test_images_that_differ_in_size_cannot_be_laid_upon_one_another():
    evidence = head(LESION) | {4: trial_evidence(size=(512, 512))}

    assert refusal(evidence).reason == "sizes_differ"


def test_a_fine_series_is_taken_apart_into_series_as_far_apart_as_those_calibrated():
    fine = {
        place: trial_evidence(logit=2.0, lesion=True) if 40 <= place < 60 else trial_evidence()
        for place in range(130)
    }

    said = opinion(fine, slices_expected=130, spacing_mm=1.0)
    coarse = opinion(head(LESION))

    assert said.probability == pytest.approx(coarse.probability, abs=0.02)
    assert set(range(40, 60)) <= set(said.carrying)


@pytest.mark.parametrize(
    ("spacing", "parts"),
    [(5.0, 1), (4.95, 1), (10.8, 1), (4.0, 2), (3.0, 2), (1.0, 5), (0.5, 10), (11.1, None)],
)
def test_any_finer_spacing_has_a_coarser_one_that_is_calibrated(spacing, parts):
    assert coarser(spacing, calibrated=(5.0, 10.8)) == parts


def test_more_evidence_never_makes_a_tumor_less_probable():
    said = [opinion(head(range(8, 8 + count))).probability for count in range(7)]

    assert said == sorted(said)


def test_a_place_outside_the_series_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="outside"):
        assess({26: trial_evidence()}, context=CONTEXT, rule=RULE)
    with pytest.raises(ValueError, match="at least one slice"):
        SeriesContext(slices_expected=0)
    with pytest.raises(ValueError, match="above 0 mm"):
        SeriesContext(slices_expected=3, spacing_mm=0.0)
