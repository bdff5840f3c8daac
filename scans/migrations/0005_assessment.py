"""Verdicts, assessments, worklist views; where the reading of a study stands.

The triggers that keep what is signed as it is are made by `scans/immutability.py`, as 0002 says.
"""

import accounts.undeletable
import django.db.models.deletion
import uuid
from datetime import timedelta
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

# Name and table of each trigger that earlier versions made here.
TRIGGERS = [
    ("signed_verdict_kept", "scans_verdict"),
    ("committed_finding_kept", "scans_verdict"),
    ("signed_assessment_kept", "scans_assessment"),
    ("no_assessment_joins_a_signed_verdict", "scans_assessment"),
    ("signed_verdict_gets_no_assessment", "scans_assessment"),
]


def remove(apps, schema_editor):
    for name, table in TRIGGERS:
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            schema_editor.execute(f"DROP FUNCTION IF EXISTS refuse_{name}()")


def note_suspicion(apps, schema_editor):
    """Of each study that has results: the highest probability among the newest of its images."""
    analyses = apps.get_model("scans", "Analysis").objects
    newest = {}
    rows = analyses.filter(status__in=["completed", "abstained"]).order_by("requested_at")
    for image, study, probability in rows.values_list(
        "image", "image__series__study", "probability"
    ).iterator():
        newest[image] = (study, probability)
    highest = {}
    for study, probability in newest.values():
        if probability is not None:
            highest[study] = max(probability, highest.get(study, 0.0))
    studies = apps.get_model("scans", "Study").objects
    for study, probability in highest.items():
        studies.filter(pk=study).update(suspicion=probability)


def leave_old_studies_off_the_worklist(apps, schema_editor):
    """Studies that were here before verdicts were, and are older than a month, await nobody.

    Each would be past its time, so all of them would stand before everything that comes in. They
    count as read without a verdict: they are in no statistics, and a radiologist can still sign.
    """
    old = timezone.now() - timedelta(days=30)
    waiting = apps.get_model("scans", "Study").objects.filter(received_at__lt=old)
    waiting.update(read_stage="read", read_at=models.F("received_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_clinic_reading_settings"),
        ("scans", "0004_annotation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Assessment',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('decision', models.CharField(choices=[('accept', 'Accept'), ('modify', 'Modify'), ('reject', 'Reject')], max_length=6)),
                ('reason', models.CharField(blank=True, help_text='A code of the list.', max_length=40)),
                ('reason_words', models.CharField(blank=True, help_text='As the list said it then.', max_length=80)),
                ('reason_text', models.CharField(blank=True, max_length=500)),
                ('saved_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['analysis_id'],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='ClinicReason',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(allow_unicode=True, max_length=40)),
                ('words', models.CharField(max_length=80)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['words'],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='Verdict',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('final', 'Final'), ('amended', 'Amended')], default='draft', max_length=8)),
                ('read_as', models.CharField(blank=True, choices=[('first', 'First read'), ('second', 'Second read'), ('adjudication', 'Adjudication')], max_length=12)),
                ('finding', models.CharField(blank=True, choices=[('tumor', 'Tumor'), ('no_tumor', 'No tumor'), ('unsure', 'Unsure')], max_length=8)),
                ('comment', models.TextField(blank=True, max_length=4000)),
                ('committed_finding', models.CharField(blank=True, choices=[('tumor', 'Tumor'), ('no_tumor', 'No tumor'), ('unsure', 'Unsure')], max_length=8)),
                ('committed_at', models.DateTimeField(blank=True, null=True)),
                ('amendment_reason', models.CharField(blank=True, max_length=500)),
                ('seconds_spent', models.PositiveIntegerField(default=0, help_text="With the study open and in sight, as the reader's page counted it.")),
                ('ai_content', models.JSONField(blank=True, default=dict, help_text='What AI content was on screen as it was signed.')),
                ('revision', models.PositiveIntegerField(default=0, help_text='Counts the saves of the draft.')),
                ('begun_at', models.DateTimeField(auto_now_add=True)),
                ('saved_at', models.DateTimeField(auto_now=True)),
                ('signed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-begun_at', '-id'],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='WorklistView',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('filters', models.JSONField(default=dict, help_text='What stands in the address, by name.')),
                ('saved_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='study',
            name='assignee',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assigned_studies', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='study',
            name='lock_expires_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='locked_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='study',
            name='priority',
            field=models.CharField(choices=[('stat', 'Stat'), ('urgent', 'Urgent'), ('routine', 'Routine')], default='routine', max_length=7),
        ),
        migrations.AddField(
            model_name='study',
            name='read_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='read_stage',
            field=models.CharField(choices=[('waiting', 'Awaits a verdict'), ('adjudication', 'Two readers disagree'), ('read', 'Read')], default='waiting', max_length=12),
        ),
        migrations.AddField(
            model_name='study',
            name='reads_wanted',
            field=models.PositiveSmallIntegerField(choices=[(1, 'One reader'), (2, 'Two independent readers')], default=1),
        ),
        migrations.AddField(
            model_name='study',
            name='suspicion',
            field=models.FloatField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='study',
            index=models.Index(condition=models.Q(('read_stage', 'read'), _negated=True), fields=['clinic', 'received_at'], name='study_awaits_verdict'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('priority__in', ['stat', 'urgent', 'routine'])), name='study_priority_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('read_stage__in', ['waiting', 'adjudication', 'read'])), name='study_read_stage_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('reads_wanted__in', [1, 2])), name='study_one_reader_or_two'),
        ),
        migrations.AddField(
            model_name='assessment',
            name='analysis',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='scans.analysis'),
        ),
        migrations.AddField(
            model_name='clinicreason',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reasons', to='accounts.clinic'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='reader',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='verdict',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='scans.study'),
        ),
        migrations.AddField(
            model_name='verdict',
            name='supersedes',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='scans.verdict'),
        ),
        migrations.AddField(
            model_name='assessment',
            name='verdict',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to='scans.verdict'),
        ),
        migrations.AddField(
            model_name='worklistview',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='worklist_views', to='accounts.clinic'),
        ),
        migrations.AddField(
            model_name='worklistview',
            name='owner',
            field=models.ForeignKey(blank=True, help_text='Empty for a view of the whole clinic.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='worklist_views', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='clinicreason',
            constraint=models.UniqueConstraint(fields=('clinic', 'code'), name='reason_once_a_clinic'),
        ),
        migrations.AddConstraint(
            model_name='clinicreason',
            constraint=models.CheckConstraint(condition=models.Q(('code__in', ['artifact', 'wrong_place', 'normal_variant', 'post_operative_change', 'not_brain_mri', 'missed_tumor', 'other']), _negated=True), name='reason_is_not_of_the_common_list'),
        ),
        migrations.AddIndex(
            model_name='verdict',
            index=models.Index(fields=['-signed_at'], name='verdict_newest_signed'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'draft')), fields=('study', 'reader'), name='one_draft_a_reader'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'final')), fields=('study', 'reader'), name='one_final_verdict_a_reader'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'final')), fields=('study', 'read_as'), name='one_final_verdict_a_read'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'final', 'amended'])), name='verdict_status_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('signed_at__isnull', True), ('status', 'draft')), models.Q(('finding__in', ['tumor', 'no_tumor', 'unsure']), ('read_as__in', ['first', 'second', 'adjudication']), ('signed_at__isnull', False), ('status__in', ['final', 'amended'])), _connector='OR'), name='verdict_signed_is_complete'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'amended'), ('supersedes__isnull', False), models.Q(('amendment_reason', ''), _negated=True)), models.Q(('status', 'final'), ('supersedes__isnull', True)), ('status', 'draft'), _connector='OR'), name='verdict_amendment_says_why'),
        ),
        migrations.AddConstraint(
            model_name='verdict',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('committed_at__isnull', True), ('committed_finding', '')), models.Q(('committed_at__isnull', False), ('committed_finding__in', ['tumor', 'no_tumor', 'unsure'])), _connector='OR'), name='verdict_commitment_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.UniqueConstraint(fields=('verdict', 'analysis'), name='one_assessment_an_analysis'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.CheckConstraint(condition=models.Q(('decision__in', ['accept', 'modify', 'reject'])), name='assessment_decision_from_the_list'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'accept'), ('reason', '')), models.Q(('decision', 'accept'), _negated=True), _connector='OR'), name='assessment_accept_needs_no_reason'),
        ),
        migrations.AddConstraint(
            model_name='worklistview',
            constraint=models.UniqueConstraint(condition=models.Q(('owner__isnull', False)), fields=('clinic', 'owner', 'name'), name='view_name_once_a_person'),
        ),
        migrations.AddConstraint(
            model_name='worklistview',
            constraint=models.UniqueConstraint(condition=models.Q(('owner__isnull', True)), fields=('clinic', 'name'), name='view_name_once_a_clinic'),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove),
        migrations.RunPython(note_suspicion, migrations.RunPython.noop),
        migrations.RunPython(leave_old_studies_off_the_worklist, migrations.RunPython.noop),
    ]
