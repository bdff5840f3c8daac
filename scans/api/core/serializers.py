from rest_framework import serializers


class ProblemSerializer(serializers.Serializer):
    """The body of every error: RFC 9457, `application/problem+json`."""

    type = serializers.CharField(help_text="`about:blank`, or a URN that names the problem.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for a person: what to do.")
    instance = serializers.CharField(help_text="The path of the request.")
    errors = serializers.DictField(  # type: ignore[assignment]  # RFC 9457 names the member
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Sentences by field name.",
    )
