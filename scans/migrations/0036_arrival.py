

import accounts.undeletable
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce


def fill_arrival(apps, schema_editor):
    """What is there has arrived, as its newest file did."""
    database = schema_editor.connection.alias
    study = apps.get_model("scans", "Study").objects.using(database)
    instances = apps.get_model("scans", "Instance").objects.filter(series__study=OuterRef("pk"))
    newest = instances.order_by("-received_at").values("received_at")[:1]
    study.update(last_received_at=Coalesce(Subquery(newest), F("received_at")))
    study.update(arrived_at=F("last_received_at"))


def refuse_reviews(apps, schema_editor):
    """The version before has no place for what readers signed of new images."""
    database = schema_editor.connection.alias
    study = apps.get_model("scans", "Study").objects.using(database)
    reviews = apps.get_model("scans", "NewImagesReview").objects.using(database)
    if reviews.exists() or study.filter(new_images_at__isnull=False).exists():
        raise IrreversibleError(
            "Images came after a study was signed, which the version before cannot say. Restore a "
            "backup of that version instead."
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0017_arrival'),
        ('scans', '0035_senders'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NewImagesReview',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('images', models.JSONField(default=list, help_text='Ids of the images that had come since the study was signed.')),
                ('seen_until', models.DateTimeField(help_text='When the newest of them came.')),
                ('signed_at', models.DateTimeField()),
                ('signed_name', models.CharField(help_text='As it was then.', max_length=300)),
            ],
            options={
                'verbose_name': 'review of new images', 'verbose_name_plural': 'reviews of new images', 'ordering': ['signed_at', 'id'],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.RemoveIndex(
            model_name='study',
            name='study_awaits_verdict',
        ),
        migrations.AddField(
            model_name='study',
            name='arrived_at',
            field=models.DateTimeField(editable=False, help_text='Since when it counts as complete; null while files may still come.', null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='last_received_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text='When the newest of its files came.'),
        ),
        migrations.AddField(
            model_name='study',
            name='new_images_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='newest_image_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='notification',
            name='kind',
            field=models.CharField(choices=[('assigned', 'A study was assigned to you.'), ('stat', 'A stat study has arrived.'), ('report_signed', 'The report of a study that you uploaded is signed.'), ('new_images', 'New images came to a study that you signed.'), ('report_amended', 'A report was amended.'), ('double_reading', 'A study wants another reader.'), ('analysis_failed', 'An analysis failed.'), ('critical_finding', 'A critical finding was sent to you.'), ('acknowledged', 'A critical finding that you sent was acknowledged.')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='study',
            index=models.Index(condition=models.Q(models.Q(('read_stage', 'read'), _negated=True), ('new_images_at__isnull', False), _connector='OR'), fields=['clinic', 'received_at'], name='study_awaits_reader'),
        ),
        migrations.AddIndex(
            model_name='study',
            index=models.Index(condition=models.Q(('arrived_at__isnull', True)), fields=['last_received_at'], name='study_arriving'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('new_images_at__isnull', True), ('newest_image_at__isnull', True)), models.Q(('new_images_at__isnull', False), ('newest_image_at__gte', models.F('new_images_at'))), _connector='OR'), name='study_new_images_whole'),
        ),
        migrations.AddField(
            model_name='newimagesreview',
            name='reader',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='newimagesreview',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='new_images_reviews', to='scans.study'),
        ),
        migrations.AddIndex(
            model_name='newimagesreview',
            index=models.Index(fields=['study', 'signed_at'], name='new_images_review_of_study'),
        ),
        migrations.RunPython(fill_arrival, refuse_reviews),
    ]
