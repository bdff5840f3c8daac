from rest_framework import serializers


class ProblemSerializer(serializers.Serializer):
    """What every error answers: RFC 9457, `application/problem+json`."""

    type = serializers.CharField(help_text="`about:blank`, or a URN that names the problem.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for a person: what to do.")
    instance = serializers.CharField(help_text="The path that was asked for.")
    errors = serializers.DictField(  # type: ignore[assignment]  # RFC 9457 names the member
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Sentences by field name.",
    )
