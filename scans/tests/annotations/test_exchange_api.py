from uuid import uuid4

import pytest

from accounts.tests.factories import UserFactory
from scans.models import Annotation, Image
from scans.tests.core.factories import make_annotation, make_image
from scans.tests.core.fixtures import asking_as

SHAPES = [
    {"shape": "rectangle", "x": 40, "y": 32.5, "width": 20, "height": 11.333, "rotation": 12.5},
    {"shape": "ellipse", "cx": 60, "cy": 48, "rx": 12.5, "ry": 8, "rotation": 30},
    {"shape": "polygon", "points": [[40, 32], [61, 35], [50, 60]]},
    {"shape": "freehand", "points": [[40, 32], [41, 33.2], [40.5, 36]], "closed": False},
    {"shape": "freehand", "points": [[40, 32], [41, 33.2], [40.5, 36]], "closed": True},
    {"shape": "arrow", "tail": [10, 10], "head": [42, 40], "text": '<b>rim</b> & "x"'},
    {"shape": "length", "start": [-1.5, 10], "end": [40, 50]},
    {"shape": "bidirectional", "long": [[10, 10], [40, 50]], "short": [[18, 38], [32, 22]]},
]


@pytest.fixture
def image(patient) -> Image:
    return make_image(patient=patient)


@pytest.fixture
def reader(person):
    return UserFactory(radiologist=True, clinic=person.clinic)


@pytest.fixture
def reading(reader):
    return asking_as(reader)


def exported(reading, image):
    return reading.get(f"/api/v1/studies/{image.study.pk}/annotations/export/").json()


def imported(reading, image, page):
    path = f"/api/v1/studies/{image.study.pk}/annotations/import/"
    return reading.post(path, page, format="json")


def item_of(image, svg, **more):
    selector = {
        "type": "SvgSelector",
        "value": f'<svg xmlns="http://www.w3.org/2000/svg">{svg}</svg>',
    }
    target = {"source": f"urn:oid:{image.instance.sop_instance_uid}", "selector": selector}
    return {"type": "Annotation", "target": target} | more


def page_of(*items):
    return {"type": "AnnotationPage", "items": list(items)}


def test_what_is_exported_is_imported_as_it_was_into_the_importers_layer(reading, reader, image):
    for geometry in SHAPES:
        make_annotation(image=image, geometry=geometry, label="Cyst", note="Line one\nand two")
    page = exported(reading, image)
    assert page["@context"] == "http://www.w3.org/ns/anno.jsonld"
    response = imported(reading, image, page).json()
    assert (response["imported"], response["unchanged"]) == (len(SHAPES), 0)
    assert [row["geometry"] for row in response["annotations"]] == SHAPES
    for row in response["annotations"]:
        assert (row["author"]["id"], row["how"]) == (reader.pk, "imported")
        assert (row["label"], row["note"]) == ("Cyst", "Line one\nand two")
    assert Annotation.objects.count() == 2 * len(SHAPES)


def test_importing_ones_own_export_changes_nothing(reading, reader, image):
    for geometry in SHAPES:
        make_annotation(image=image, author=reader, geometry=geometry)
    response = imported(reading, image, exported(reading, image)).json()
    assert (response["imported"], response["unchanged"]) == (0, len(SHAPES))
    assert Annotation.objects.count() == len(SHAPES)


def test_a_fragment_is_a_rectangle(reading, image):
    item = item_of(image, "")
    item["target"]["selector"] = {"type": "FragmentSelector", "value": "xywh=pixel:10,20,30,40"}
    (made,) = imported(reading, image, page_of(item)).json()["annotations"]
    assert made["geometry"] == {
        "shape": "rectangle", "x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("svg", "words"),
    [
        ("<circle r='3'/>", "Send one of these elements"),
        ("<rect x='1' y='1' width='5' height='5' transform='scale(2)'/>", "rotate(degrees x y)"),
        ("<line x1='1' y1='1' x2='5' y2='5' transform='scale(2)'/>", "attribute transform"),
        ("<polygon points='1,1 2,2 x,y'/>", "points of the polygon"),
        ("<path d='M 1,1 C 2,2 3,3 4,4'/>", "Give the path as"),
        ("<path d='M 1,1 2,2'/>", "Give the path as"),
        ("<line x1='1' y1='1' x2='NaN' y2='5'/>", "x2 of the <line>"),
        ("<line x1='1' y1='1' x2='900' y2='5'/>", "outside of the image"),
        ("<line x1='1' y1='1' x2='1e9' y2='5'/>", "as a point"),
        ("<!ENTITY x 'y'><line/>", "declaration"),
        ("<line", "not well-formed"),
    ],
)
def test_a_drawing_that_is_not_understood_is_refused_whole(reading, image, svg, words):
    good = item_of(image, "<line x1='1' y1='1' x2='5' y2='5'/>")
    response = imported(reading, image, page_of(good, item_of(image, svg)))
    assert response.status_code == 400
    (field,) = response.json()["errors"]
    assert field.startswith("items.1.target.selector")
    assert words in response.json()["errors"][field][0]
    assert not Annotation.objects.exists()


def test_an_item_of_another_study_or_with_an_unknown_label_is_refused(reading, image, patient):
    line = "<line x1='1' y1='1' x2='5' y2='5'/>"
    elsewhere = item_of(make_image(patient=patient), line)
    tag = {"type": "TextualBody", "purpose": "tagging", "value": "Blob"}
    response = imported(reading, image, page_of(elsewhere, item_of(image, line, body=tag)))
    assert set(response.json()["errors"]) == {"items.0.target.source", "items.1.body"}


@pytest.mark.parametrize("page", [[], {}, {"type": "AnnotationPage"}, page_of(), page_of(1), "x"])
def test_what_is_no_page_is_refused(reading, image, page):
    assert imported(reading, image, page).status_code == 400


def test_an_id_that_somebody_else_has_gets_a_new_one(reading, image):
    theirs = make_annotation(image=image)
    (made,) = imported(reading, image, exported(reading, image)).json()["annotations"]
    assert made["id"] != str(theirs.pk)
    item = item_of(image, "<line x1='1' y1='1' x2='5' y2='5'/>", id=f"urn:uuid:{uuid4()}")
    (made,) = imported(reading, image, page_of(item)).json()["annotations"]
    assert f"urn:uuid:{made['id']}" == item["id"]


def test_only_radiologists_import(api, image):
    item = item_of(image, "<line x1='1' y1='1' x2='5' y2='5'/>")
    assert imported(api, image, page_of(item)).status_code == 403
