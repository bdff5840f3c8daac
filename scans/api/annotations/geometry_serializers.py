"""The shapes in the schema. What is taken is decided by `scans.geometry.read_geometry`."""

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from scans.geometry import FILE_SCALE, MANUAL_SCALE, MOST_POINTS, Shape


class PixelPoint(serializers.ListField):
    """[x, y] in pixels of the image."""

    child = serializers.FloatField()

    def __init__(self, **kwargs: object) -> None:
        super().__init__(min_length=2, max_length=2, **kwargs)  # type: ignore[arg-type]


def _shape(shape: Shape) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=[shape.value])


class RectangleSerializer(serializers.Serializer):
    shape = _shape(Shape.RECTANGLE)
    x = serializers.FloatField(help_text="Of the upper left corner, before the rotation.")
    y = serializers.FloatField()
    width = serializers.FloatField()
    height = serializers.FloatField()
    rotation = serializers.FloatField(
        required=False, help_text="Degrees, clockwise on the screen, about the center."
    )


class EllipseSerializer(serializers.Serializer):
    shape = _shape(Shape.ELLIPSE)
    cx = serializers.FloatField()
    cy = serializers.FloatField()
    rx = serializers.FloatField()
    ry = serializers.FloatField()
    rotation = serializers.FloatField(required=False)


class PolygonSerializer(serializers.Serializer):
    shape = _shape(Shape.POLYGON)
    points = serializers.ListField(
        child=PixelPoint(), min_length=3, max_length=MOST_POINTS[Shape.POLYGON]
    )


class FreehandSerializer(serializers.Serializer):
    shape = _shape(Shape.FREEHAND)
    points = serializers.ListField(
        child=PixelPoint(), min_length=2, max_length=MOST_POINTS[Shape.FREEHAND]
    )
    closed = serializers.BooleanField(required=False)


class ArrowSerializer(serializers.Serializer):
    shape = _shape(Shape.ARROW)
    tail = PixelPoint()
    head = PixelPoint()
    text = serializers.CharField(required=False, allow_blank=True, max_length=200)


class LengthSerializer(serializers.Serializer):
    shape = _shape(Shape.LENGTH)
    start = PixelPoint()
    end = PixelPoint()


class BidirectionalSerializer(serializers.Serializer):
    shape = _shape(Shape.BIDIRECTIONAL)
    long = serializers.ListField(child=PixelPoint(), min_length=2, max_length=2)
    short = serializers.ListField(child=PixelPoint(), min_length=2, max_length=2)


class AngleSerializer(serializers.Serializer):
    shape = _shape(Shape.ANGLE)
    start = PixelPoint()
    vertex = PixelPoint(help_text="Where the two sides meet.")
    end = PixelPoint()


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Geometry",
        serializers={
            Shape.RECTANGLE.value: RectangleSerializer,
            Shape.ELLIPSE.value: EllipseSerializer,
            Shape.POLYGON.value: PolygonSerializer,
            Shape.FREEHAND.value: FreehandSerializer,
            Shape.ARROW.value: ArrowSerializer,
            Shape.LENGTH.value: LengthSerializer,
            Shape.BIDIRECTIONAL.value: BidirectionalSerializer,
            Shape.ANGLE.value: AngleSerializer,
        },
        resource_type_field_name="shape",
    )
)
class GeometryField(serializers.JSONField):
    """A shape as JSON, in pixels of the image."""


class MeasuredSerializer(serializers.Serializer):
    """In px and px², or in mm and mm²; null where the shape has no such thing."""

    length = serializers.FloatField(allow_null=True)
    area = serializers.FloatField(allow_null=True)
    perimeter = serializers.FloatField(allow_null=True)
    width = serializers.FloatField(allow_null=True, help_text="Of a rectangle, along its own side.")
    height = serializers.FloatField(allow_null=True, help_text="Of a rectangle.")
    long_axis = serializers.FloatField(allow_null=True, help_text="Of an ellipse.")
    short_axis = serializers.FloatField(allow_null=True, help_text="Of an ellipse.")
    long_diameter = serializers.FloatField(
        allow_null=True,
        help_text="Of a bidirectional measurement, and the longest distance across the outline of "
        "a polygon or closed freehand line; a rectangle and an ellipse have none.",
    )
    short_diameter = serializers.FloatField(
        allow_null=True, help_text="Of a bidirectional measurement."
    )
    angle = serializers.FloatField(allow_null=True, help_text="Of an angle, in degrees.")


class MeasurementsSerializer(serializers.Serializer):
    """`mm` is null unless the file, or its author's manual calibration, gives the spacing."""

    px = MeasuredSerializer()
    mm = MeasuredSerializer(allow_null=True)
    scale = serializers.ChoiceField(
        choices=[FILE_SCALE, MANUAL_SCALE],
        allow_null=True,
        help_text="Where the millimeters come from: the file, or a manual calibration.",
    )
