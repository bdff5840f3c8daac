"""What the AI states of a series, the evidence of its slices, and how it was acquired."""

import accounts.undeletable
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scans', '0011_stored_response'),
    ]

    operations = [
        migrations.CreateModel(
            name='SeriesStatement',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('is_current', models.BooleanField(default=False)),
                ('rule', models.CharField(help_text="Version of the release's rule.", max_length=40)),
                ('probability', models.FloatField(blank=True, help_text='That the series shows a tumor, 0 to 1.', null=True)),
                ('label', models.CharField(blank=True, choices=[('tumor', 'Tumor detected'), ('no_tumor', 'No tumor detected')], max_length=10)),
                ('threshold', models.FloatField(blank=True, null=True)),
                ('carrying', models.JSONField(default=list, help_text='The slices that carry it, each with image (id) and number, in their order.')),
                ('reason', models.CharField(blank=True, help_text='Code: why it has no opinion.', max_length=40)),
                ('message', models.TextField(blank=True, help_text='For the user: why there is no opinion, and what to do.')),
                ('slices', models.PositiveIntegerField(help_text='Images of the series.')),
                ('analyzed', models.PositiveIntegerField(help_text='Of these, how many this release has finished: with a result or without an opinion, blank slices included; failed and cancelled ones are not.')),
                ('abstained', models.PositiveIntegerField(help_text='Slices of the head without a result, for which nothing is to come: no opinion, failed, cancelled or never asked of this release. Blank slices above and below the head are not counted.')),
                ('is_final', models.BooleanField(help_text='No analysis by this release is still to come.')),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['series', '-updated_at'],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='SliceEvidence',
            fields=[
                ('analysis', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='slice_evidence', serialize=False, to='scans.analysis')),
                ('content', models.JSONField(help_text='As `ml.series.SliceEvidence` writes it.')),
            ],
            options={
                'verbose_name_plural': 'slice evidence',
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.AddField(
            model_name='image',
            name='plane',
            field=models.CharField(blank=True, choices=[('axial', 'Axial'), ('coronal', 'Coronal'), ('sagittal', 'Sagittal')], default='', max_length=8),
        ),
        migrations.AddField(
            model_name='image',
            name='sequence',
            field=models.CharField(blank=True, choices=[('T1', 'T1'), ('T1c', 'T1 with contrast'), ('T2', 'T2'), ('FLAIR', 'FLAIR'), ('PD', 'Proton density'), ('DWI', 'Diffusion'), ('SWI', 'Susceptibility'), ('other', 'Another sequence')], default='', max_length=8),
        ),
        migrations.AddField(
            model_name='image',
            name='slice_spacing',
            field=models.FloatField(blank=True, help_text='Millimeters between the centers of neighboring slices.', null=True),
        ),
        migrations.AddField(
            model_name='series',
            name='plane',
            field=models.CharField(blank=True, choices=[('axial', 'Axial'), ('coronal', 'Coronal'), ('sagittal', 'Sagittal')], default='', max_length=8),
        ),
        migrations.AddField(
            model_name='series',
            name='sequence',
            field=models.CharField(blank=True, choices=[('T1', 'T1'), ('T1c', 'T1 with contrast'), ('T2', 'T2'), ('FLAIR', 'FLAIR'), ('PD', 'Proton density'), ('DWI', 'Diffusion'), ('SWI', 'Susceptibility'), ('other', 'Another sequence')], default='', max_length=8),
        ),
        migrations.AddField(
            model_name='series',
            name='slice_spacing',
            field=models.FloatField(blank=True, help_text='Millimeters between the centers of neighboring slices.', null=True),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(('plane__in', ['', 'axial', 'coronal', 'sagittal'])), name='image_plane_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(('sequence__in', ['', 'T1', 'T1c', 'T2', 'FLAIR', 'PD', 'DWI', 'SWI', 'other'])), name='image_sequence_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(('slice_spacing__isnull', True), models.Q(('slice_spacing__gt', 0), ('slice_spacing__lte', 100.0)), _connector='OR'), name='image_slice_spacing_is_a_length'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('plane__in', ['', 'axial', 'coronal', 'sagittal'])), name='series_plane_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('sequence__in', ['', 'T1', 'T1c', 'T2', 'FLAIR', 'PD', 'DWI', 'SWI', 'other'])), name='series_sequence_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.CheckConstraint(condition=models.Q(('slice_spacing__isnull', True), models.Q(('slice_spacing__gt', 0), ('slice_spacing__lte', 100.0)), _connector='OR'), name='series_slice_spacing_is_a_length'),
        ),
        migrations.AddField(
            model_name='seriesstatement',
            name='release',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='series_statements', to='scans.modelrelease'),
        ),
        migrations.AddField(
            model_name='seriesstatement',
            name='series',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='scans.series'),
        ),
        migrations.AddConstraint(
            model_name='seriesstatement',
            constraint=models.UniqueConstraint(fields=('series', 'release'), name='one_statement_a_release'),
        ),
        migrations.AddConstraint(
            model_name='seriesstatement',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('series',), name='one_current_statement'),
        ),
        migrations.AddConstraint(
            model_name='seriesstatement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('label__in', ['tumor', 'no_tumor']), ('probability__gte', 0), ('probability__lte', 1), ('reason', ''), ('threshold__isnull', False)), models.Q(('label', ''), ('probability__isnull', True), models.Q(('reason', ''), _negated=True), models.Q(('message', ''), _negated=True)), _connector='OR'), name='series_statement_opinion_or_reason'),
        ),
    ]
