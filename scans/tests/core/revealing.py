"""A study whose AI results can be found wherever they are shown, and the search for them.

`make_revealing_study` gives every field of an analysis that reveals its result a value that
nothing else on a page has; `revealed_in` searches a response for these, whatever its format.
"""

import json
import re
from typing import Any

import numpy as np
from django.http import HttpResponse

from accounts.models import User
from scans.models import Analysis, Image, SeriesStatement, Study
from scans.services.analyses import inference
from scans.services.analyses.execution import Outcome, claim_analysis, record_result
from scans.tests.core import pictures
from scans.tests.core.factories import PatientFactory, make_study
from scans.tests.core.isolation_table import text_of

# The first image has a tumor, the second none; on the third the model abstained.
TUMOR, NO_TUMOR = 0.8765, 0.0432
REGION = ((113, 97), (131, 97), (131, 109), (113, 109))
SENTENCE = "A sentence of the model alone."
# By field of the analysis: what a page, a list, a file or the API would show of it.
TRACES = {
    "probability": r"0\.876|0\.877|0\.88\b|0\.0432|0\.043|0\.04\b",
    "confidence": r"87\.6|87\.7|95\.7|95\.6|0\.9568|0\.957",
    "label": r"Tumor detected|No tumor detected|tumor detected,",
    "threshold": r"0\.4821|0\.482",
    "engine": "engine-of-the-run",
    "heatmap": r"/(?:heatmap|overlay)/",  # the addresses that pages and the API give
    "overlay": r"/(?:heatmap|overlay)/",
    "heatmap_peak_x": r'"x": ?121\b|\(121, 103\)',
    "heatmap_peak_y": r'"y": ?103\b|\(121, 103\)',
    "regions": r"113, ?97|0\.739|0\.74\b",
    "distance": r"0\.427|0\.43\b|1\.2345|1\.23\b",
    "abstain_reason": r"unfamiliar|No AI opinion|no AI opinion|gave no opinion",
    "decode_ms": r"\b3417\b",
    "model_ms": r"\b5281\b|\b5282\b",
    "render_ms": r"\b6113\b|\b6114\b",
    "worker_host": "host-of-the-run",
    "message": re.escape(SENTENCE),
}
# The same of the statement on its series, and the name of its release's rule.
STATEMENT = {"probability": 0.6147, "threshold": 0.3719, "rule": "rule-of-the-run"}
STATEMENT_TRACES = {
    "probability": r"0\.6147|0\.615|0\.61\b|61\.5|61\.4",
    "threshold": r"0\.3719|0\.372",
    "rule": "rule-of-the-run",
    "carrying": r"Carried by|carried by|Most suspicious",
}
# Fields that reveal nothing of the result, whether they are shown or not.
SILENT = {
    *("id", "image", "release", "requested_by", "requested_at", "queued_at", "dispatched_at"),
    *("finished_at", "started_at", "status", "attempts", "claim_token", "lease_expires_at"),
    "traceback",
}
_OF_THE_STATEMENT = {f"statement's {name}": one for name, one in STATEMENT_TRACES.items()}
# Fields of the API that reveal a result if they have a value.
_KEYS = {
    *("label", "ai_label", "probability", "study_probability", "confidence", "distance"),
    *("regions", "heatmap_peak", "heatmap_url", "overlay_url", "abstain_reason", "message"),
    *("suspicion", "ai_content", "from_analysis", "ai_statement"),
    *("statement", "series_statements", "carrying"),
}


def make_revealing_study(*, user: User) -> Study:
    """Make a study of three images with the results and the statement described above."""
    patient = PatientFactory(created_by=user)
    study = make_study(user=user, patient=patient, images=3, description="Waits")
    first, second, third = Image.objects.filter(series__study=study).order_by("number")
    region = inference.Region(polygon=REGION, score=0.7391, area_px=216.0)
    record(first, _prediction(first, TUMOR, regions=(region,)))
    record(second, _prediction(second, NO_TUMOR, regions=()))
    record(
        third,
        inference.Abstention(
            reason="unfamiliar",
            sentence=SENTENCE,
            engine="engine-of-the-run",
            model_ms=5281.5,
            distance=1.2345,
        ),
    )
    SeriesStatement.objects.create(
        series=first.series,
        release=first.analyses.get().release,
        is_current=True,
        label="tumor",
        carrying=[{"image": str(first.pk), "number": first.number}],
        slices=3,
        analyzed=3,
        abstained=1,
        is_final=True,
        **STATEMENT,
    )
    return study


def record(image: Image, result: inference.Prediction | inference.Abstention) -> Analysis:
    """Finish the analysis of the image with this result, as a worker does."""
    analysis: Analysis = image.analyses.get()
    claim = claim_analysis(analysis.pk)
    assert claim is not None
    Analysis.objects.filter(pk=analysis.pk).update(worker_host="host-of-the-run")
    heat = np.zeros((image.height, image.width), np.uint8)
    heat[100:106, 118:124] = 255
    pixels = pictures.slice_pixels(width=image.width, height=image.height)
    outcome = Outcome(
        result,
        decode_ms=3417.25,
        render_ms=6113.75,
        heatmap_png=inference.heatmap_png(heat),
        overlay_png=inference.overlay_png(pixels, heat),
    )
    assert record_result(claim, outcome)
    analysis.refresh_from_db()
    return analysis


def revealed_in(response: HttpResponse) -> list[str]:
    """Return what the response reveals of the AI results: names of fields, and what was found."""
    if response.get("Content-Type", "").startswith(("image/", "application/octet-stream")):
        return []  # pixels: the addresses of overlays and heatmaps are requested one by one
    text = text_of(response)
    # The requested address may be repeated; the addresses of overlays and heatmaps reveal.
    requested = response.request["PATH_INFO"]  # type: ignore[attr-defined]
    text = text.replace(requested, "") if requested.count("/") > 2 else text
    found = [
        f"{field}: {match.group()}"
        for field, pattern in [*TRACES.items(), *_OF_THE_STATEMENT.items()]
        if (match := re.search(pattern, _without_choices(text)))
    ]
    if response.get("Content-Type", "").startswith(
        ("application/json", "application/problem+json")
    ):
        found += list(_keys_with_values(json.loads(text)))
    return found


def _prediction(image: Image, probability: float, *, regions: Any) -> inference.Prediction:
    is_tumor = probability > 0.5
    return inference.Prediction(
        probability=probability,
        label="tumor" if is_tumor else "no_tumor",
        confidence=probability if is_tumor else 1 - probability,
        threshold=0.4821,
        heatmap=np.zeros((image.height, image.width), np.uint8),
        heatmap_peak=(121, 103),
        engine="engine-of-the-run",
        model_ms=5281.5,
        regions=regions,
        distance=0.4273,
    )


def _without_choices(text: str) -> str:
    """Remove what is there whatever the results are: the choices of filters and of reasons, and
    what is random: ids, times, the size of a file."""
    for choices in (r"<option.*?</option>", r'<nav id="changelist-filter".*?</nav>'):
        text = re.sub(choices, "", text, flags=re.DOTALL)
    text = re.sub(r'\d{2}:\d{2}:\d{2}\.\d+|"byte_size": ?\d+', "", text)
    text = re.sub(r"field-byte_size.*?</(?:td|div)>", "", text, flags=re.DOTALL)  # the admin's
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "", text)


def _keys_with_values(content: Any) -> Any:
    if isinstance(content, list):
        for one in content:
            yield from _keys_with_values(one)
    elif isinstance(content, dict):
        for name, value in content.items():
            if name in _KEYS and value not in (None, "", [], {}):
                yield f"{name} = {value!r}"
            yield from _keys_with_values(value)
