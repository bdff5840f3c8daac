"""What holds for every shape: reading and writing, SVG and back, sizes, boxes."""

from math import cos, hypot, pi, sin

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neuroscan_site.tests.matrix import examples
from scans.geometry import (
    Ellipse,
    GeometryError,
    Rectangle,
    Spacing,
    measure,
    outline,
    read_geometry,
    write_geometry,
)
from scans.geometry.crossing import crosses_itself
from scans.geometry.shapes import bounds
from scans.geometry.svg import SvgError, read_svg, write_svg

settings.register_profile("geometry", deadline=None, max_examples=examples(60, many=600))
quick = settings.get_profile("geometry")
SIZE = {"width": 400, "height": 300}
across = st.integers(-30_000, 430_000).map(lambda n: n / 1000)
down = st.integers(-20_000, 320_000).map(lambda n: n / 1000)
points = st.tuples(across, down).map(list)
radii = st.integers(1, 80_000).map(lambda n: n / 1000)
turns = st.integers(0, 359_999).map(lambda n: n / 1000)
spacings = st.floats(0.05, 5)
middles = st.fixed_dictionaries(
    {"cx": st.floats(120, 280), "cy": st.floats(100, 200), "rx": radii, "ry": radii}
)
texts = st.text(st.characters(categories=["L", "N", "P", "S"], codec="utf-8"), max_size=200)


@st.composite
def stars(draw):
    """Corners around a center, one a direction: an outline that cannot cross itself."""
    count = draw(st.integers(3, 40))
    lengths = draw(st.lists(st.floats(5, 90), min_size=count, max_size=count))
    return [
        [
            round(200 + length * cos(2 * pi * number / count), 3),
            round(150 + length * sin(2 * pi * number / count), 3),
        ]
        for number, length in enumerate(lengths)
    ]


def tagged(shape, **members):
    return st.fixed_dictionaries({"shape": st.just(shape)} | members)


two = st.lists(points, min_size=2, max_size=2)
shapes = st.one_of(
    tagged(
        "rectangle",
        x=st.floats(60, 200),
        y=st.floats(60, 150),
        width=radii,
        height=radii,
        rotation=turns,
    ),
    st.builds(lambda a, b: a | b, tagged("ellipse", rotation=turns), middles),
    tagged("polygon", points=stars()),
    tagged("freehand", points=st.lists(points, min_size=2, max_size=60), closed=st.booleans()),
    tagged("arrow", tail=points, head=points, text=texts),
    tagged("length", start=points, end=points),
    tagged("bidirectional", long=two, short=two),
    tagged("angle", start=points, vertex=points, end=points),
)


def taken(raw):
    try:
        return read_geometry(raw, **SIZE)
    except GeometryError:
        assume(False)


@quick
@given(shapes)
def test_what_is_written_is_read_back_equal(raw):
    geometry = taken(raw)
    assert read_geometry(write_geometry(geometry), **SIZE) == geometry


@quick
@given(shapes)
def test_a_shape_survives_svg(raw):
    geometry = taken(raw)
    assert read_geometry(read_svg(write_svg(geometry)), **SIZE) == geometry


@quick
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("points"), inner),
    )
    | st.dictionaries(st.sampled_from(["shape", "points", "x", "start", "long"]), st.text())
)
def test_whatever_is_sent_is_a_shape_or_a_sentence(raw):
    try:
        read_geometry(raw, **SIZE)
        sentences = ["It is a shape."]
    except GeometryError as error:
        sentences = list(error.errors.values())
    assert sentences
    assert all(sentence.endswith(".") for sentence in sentences)


@quick
@given(st.text(max_size=300) | st.text("<>/svgrectpahd=\"' 0123.,ML", max_size=300))
def test_whatever_the_drawing_is_it_is_a_shape_or_a_sentence(text):
    for one in (text, f"<svg>{text}</svg>", f'<svg><path d="{text}"/></svg>'):
        try:
            sentence = write_svg(read_geometry(read_svg(one), **SIZE))
        except (SvgError, GeometryError) as error:
            sentence = str(error)
        assert sentence


@quick
@given(stars(), spacings, spacings)
def test_the_area_of_a_polygon_is_that_of_its_triangles_and_scales_with_the_pixels(
    corners, row, column
):
    assert not crosses_itself(corners)
    geometry = read_geometry({"shape": "polygon", "points": corners}, **SIZE)
    around = [*corners[1:], corners[0]]
    triangles = sum(
        ((ax - 200) * (by - 150) - (bx - 200) * (ay - 150)) / 2
        for (ax, ay), (bx, by) in zip(corners, around, strict=True)
    )
    in_px = measure(geometry)
    assert in_px.area == pytest.approx(abs(triangles), rel=1e-9, abs=1e-6)
    in_mm = measure(geometry, spacing=Spacing(row, column))
    assert in_mm.area == pytest.approx(in_px.area * row * column, rel=1e-9)
    least, most = min(row, column), max(row, column)
    assert least * in_px.perimeter <= in_mm.perimeter * (1 + 1e-9)
    assert in_mm.perimeter <= most * in_px.perimeter * (1 + 1e-9)
    assert in_px.long_diameter <= in_px.perimeter / 2 * (1 + 1e-9)


@quick
@given(stars(), st.integers(0, 39), st.integers(-40, 40), st.integers(-40, 40))
def test_an_outline_moved_or_begun_elsewhere_measures_the_same(corners, start, right, lower):
    moved = [[x + right, y + lower] for x, y in corners[start:] + corners[:start]]
    before = measure(read_geometry({"shape": "polygon", "points": corners}, **SIZE))
    after = measure(read_geometry({"shape": "polygon", "points": moved}, **SIZE))
    for name in ("area", "perimeter", "long_diameter"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), rel=1e-6, abs=1e-6)


@quick
@given(middles, turns)
def test_an_ellipse_lies_in_its_box_and_touches_it(middle, rotation):
    ellipse = Ellipse(**middle, rotation=rotation)
    left, top, right, bottom = bounds(ellipse)
    xs, ys = zip(*outline(ellipse)[0], strict=True)
    assert left - 1e-9 <= min(xs)
    assert max(xs) <= right + 1e-9
    assert top - 1e-9 <= min(ys)
    assert max(ys) <= bottom + 1e-9
    near = max(ellipse.rx, ellipse.ry) * 0.01  # 90 corners miss the extremes by less
    assert max(xs) >= right - near
    assert max(ys) >= bottom - near


@quick
@given(middles, turns, spacings, spacings)
def test_the_axes_of_an_ellipse_are_those_of_its_outline(middle, rotation, row, column):
    assume(min(middle["rx"], middle["ry"]) > 0.5)
    ellipse = Ellipse(**middle, rotation=rotation)
    size = measure(ellipse, spacing=Spacing(row, column))
    center = (ellipse.cx, ellipse.cy)
    reach = [
        2 * hypot((x - center[0]) * column, (y - center[1]) * row) for x, y in outline(ellipse)[0]
    ]
    assert max(reach) <= size.long_axis * (1 + 1e-9)
    assert min(reach) >= size.short_axis * (1 - 1e-9)
    assert size.area == pytest.approx(pi * size.long_axis * size.short_axis / 4, rel=1e-9)


@quick
@given(radii, radii, turns)
def test_a_rectangle_measures_the_same_however_it_is_turned(width, height, rotation):
    upright = Rectangle(100, 100, width, height, 0)
    turned = Rectangle(100, 100, width, height, rotation)
    before, after = measure(upright), measure(turned)
    assert before.area == pytest.approx(width * height, rel=1e-9)
    assert after.area == pytest.approx(before.area, rel=1e-6)
    assert after.width == pytest.approx(width, rel=1e-6)
    assert after.height == pytest.approx(height, rel=1e-6)
    assert after.long_diameter is None  # its diagonal is no diameter


@quick
@given(st.lists(points, min_size=4, max_size=12, unique_by=tuple))
def test_crossing_agrees_with_looking_at_every_pair_of_edges(corners):
    assert crosses_itself(corners) == by_every_pair(corners)


def by_every_pair(corners):
    whole = [(round(x * 1000), round(y * 1000)) for x, y in corners]
    edges = list(zip(whole, whole[1:] + whole[:1], strict=True))
    count = len(edges)
    for i in range(count):
        (a, b), (c, d) = edges[i], edges[(i + 1) % count]
        if (
            cross(a, b, d) == 0
            and (b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1]) < 0
        ):
            return True
        for j in range(i + 2, count):
            if (j + 1) % count != i and meet(*edges[i], *edges[j]):
                return True
    return False


def cross(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def within(a, b, c):
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def meet(a, b, c, d):
    first, second = cross(a, b, c), cross(a, b, d)
    third, fourth = cross(c, d, a), cross(c, d, b)
    if (first > 0) != (second > 0) and (third > 0) != (fourth > 0) and 0 not in (
        first, second, third, fourth,
    ):  # fmt: skip
        return True
    return (
        (first == 0 and within(a, b, c))
        or (second == 0 and within(a, b, d))
        or (third == 0 and within(c, d, a))
        or (fourth == 0 and within(c, d, b))
    )
