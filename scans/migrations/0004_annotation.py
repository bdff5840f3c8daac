"""Annotations and their versions; the size of a pixel where an image brings it.

The trigger that keeps a version as it is is made by `scans/immutability.py`, as 0002 says.
"""

import accounts.undeletable
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS annotation_version_is_immutable")
    else:
        schema_editor.execute("DROP TRIGGER IF EXISTS annotation_version_is_immutable ON scans_annotationversion")
        schema_editor.execute("DROP FUNCTION IF EXISTS refuse_change_of_annotation_version()")


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0003_analysis_regions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Annotation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('version', models.PositiveIntegerField(default=1, help_text='The number of the newest version.')),
                ('is_hidden', models.BooleanField(default=False, help_text='As the newest version says.')),
            ],
            options={
                'ordering': ['created_at', 'id'],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='AnnotationVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('how', models.CharField(choices=[('drawn', 'Drawn'), ('imported', 'Imported'), ('revised', 'Revised'), ('hidden', 'Deleted'), ('unhidden', 'Brought back'), ('restored', 'Restored')], max_length=10)),
                ('restored_from', models.PositiveIntegerField(blank=True, null=True)),
                ('is_hidden', models.BooleanField(default=False)),
                ('geometry', models.JSONField(help_text='In pixels of the image; see docs/annotations.md.')),
                ('shape', models.CharField(choices=[('rectangle', 'rectangle'), ('ellipse', 'ellipse'), ('polygon', 'polygon'), ('freehand', 'freehand'), ('arrow', 'arrow'), ('length', 'length'), ('bidirectional', 'bidirectional')], max_length=13)),
                ('measurements', models.JSONField(help_text='In px, and in mm where the spacing is known.')),
                ('label', models.CharField(blank=True, max_length=60)),
                ('note', models.TextField(blank=True, max_length=2000)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-number'],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='LabelList',
            fields=[
                ('clinic', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='annotation_labels', serialize=False, to='accounts.clinic')),
                ('names', models.JSONField(default=list)),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.AddField(
            model_name='image',
            name='pixel_spacing_column',
            field=models.FloatField(blank=True, help_text='Millimeters between the centers of two columns.', null=True),
        ),
        migrations.AddField(
            model_name='image',
            name='pixel_spacing_row',
            field=models.FloatField(blank=True, help_text='Millimeters between the centers of two rows.', null=True),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pixel_spacing_column__gt', 0), ('pixel_spacing_column__isnull', False), ('pixel_spacing_row__gt', 0), ('pixel_spacing_row__isnull', False)), models.Q(('pixel_spacing_column__isnull', True), ('pixel_spacing_row__isnull', True)), _connector='OR'), name='image_pixel_spacing_both_or_neither'),
        ),
        migrations.AddField(
            model_name='annotation',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='annotation',
            name='from_analysis',
            field=models.ForeignKey(blank=True, help_text='Whose suspected region the reader made a mark of their own.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scans.analysis'),
        ),
        migrations.AddField(
            model_name='annotation',
            name='image',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='scans.image'),
        ),
        migrations.AddField(
            model_name='annotationversion',
            name='annotation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='scans.annotation'),
        ),
        migrations.AddIndex(
            model_name='annotation',
            index=models.Index(fields=['image', 'created_at', 'id'], name='annotation_of_image'),
        ),
        migrations.AddConstraint(
            model_name='annotation',
            constraint=models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='annotation_has_a_version'),
        ),
        migrations.AddConstraint(
            model_name='annotationversion',
            constraint=models.UniqueConstraint(fields=('annotation', 'number'), name='annotation_version_number'),
        ),
        migrations.AddConstraint(
            model_name='annotationversion',
            constraint=models.CheckConstraint(condition=models.Q(('how__in', ['drawn', 'imported', 'revised', 'hidden', 'unhidden', 'restored'])), name='annotation_version_how_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='annotationversion',
            constraint=models.CheckConstraint(condition=models.Q(('shape__in', ['rectangle', 'ellipse', 'polygon', 'freehand', 'arrow', 'length', 'bidirectional'])), name='annotation_version_shape_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='annotationversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('how__in', ['drawn', 'imported']), ('number', 1)), models.Q(('number__gt', 1), models.Q(('how__in', ['drawn', 'imported']), _negated=True)), _connector='OR'), name='annotation_version_begins_at_one'),
        ),
        migrations.AddConstraint(
            model_name='annotationversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('how', 'restored'), ('restored_from__gte', 1), ('restored_from__isnull', False), ('restored_from__lt', models.F('number'))), models.Q(models.Q(('how', 'restored'), _negated=True), ('restored_from__isnull', True)), _connector='OR'), name='annotation_version_restored_is_older'),
        ),
        migrations.AddConstraint(
            model_name='annotationversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('how', 'hidden'), ('is_hidden', False), _negated=True), models.Q(('how', 'unhidden'), ('is_hidden', True), _negated=True)), name='annotation_version_hides_as_it_says'),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove),
    ]
