"""Reports and the templates they start from.

The trigger that keeps a signed report as it is is made by `scans/immutability.py`, as 0002 says.
"""

import accounts.undeletable
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER IF EXISTS signed_report_is_immutable")
    else:
        schema_editor.execute("DROP TRIGGER IF EXISTS signed_report_is_immutable ON scans_report")
        schema_editor.execute("DROP FUNCTION IF EXISTS refuse_change_of_signed_report()")


class Migration(migrations.Migration):
    dependencies = [
        ("scans", "0005_assessment"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('preliminary', 'Preliminary'), ('final', 'Final'), ('amended', 'Amended'), ('cancelled', 'Discarded')], default='preliminary', max_length=11)),
                ('technique', models.TextField(blank=True, max_length=10000)),
                ('comparison', models.TextField(blank=True, max_length=10000)),
                ('findings', models.TextField(blank=True, max_length=10000)),
                ('impression', models.TextField(blank=True, max_length=10000)),
                ('ai_statement', models.TextField(blank=True, max_length=10000, verbose_name='AI statement')),
                ('figures', models.JSONField(blank=True, default=list)),
                ('with_overlay', models.BooleanField(default=False)),
                ('revision', models.PositiveIntegerField(default=0, help_text='Counts the saves of the draft.')),
                ('begun_at', models.DateTimeField(auto_now_add=True)),
                ('saved_at', models.DateTimeField(auto_now=True)),
                ('amendment_reason', models.CharField(blank=True, max_length=500)),
                ('signed_at', models.DateTimeField(blank=True, null=True)),
                ('signed_name', models.CharField(blank=True, help_text='As printed then.', max_length=300)),
                ('signed_meaning', models.CharField(blank=True, max_length=200)),
                ('signed_patient', models.JSONField(blank=True, default=dict)),
                ('code', models.CharField(blank=True, help_text='Verifies a copy on paper.', max_length=14)),
                ('pdf', models.FileField(blank=True, max_length=200, upload_to='')),
                ('pdf_sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the PDF')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to=settings.AUTH_USER_MODEL)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='scans.study')),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='superseded_by', to='scans.report')),
            ],
            options={
                'ordering': ['-number'],
                'indexes': [models.Index(fields=['-signed_at'], name='report_newest_signed')],
                'constraints': [models.UniqueConstraint(fields=('study', 'number'), name='report_number_in_study'), models.UniqueConstraint(condition=models.Q(('status', 'preliminary')), fields=('study',), name='one_preliminary_report_a_study'), models.UniqueConstraint(condition=models.Q(('status', 'final')), fields=('study',), name='one_final_report_a_study'), models.UniqueConstraint(condition=models.Q(('code', ''), _negated=True), fields=('code',), name='report_code_unique'), models.CheckConstraint(condition=models.Q(('status__in', ['preliminary', 'final', 'amended', 'cancelled'])), name='report_status_from_the_list'), models.CheckConstraint(condition=models.Q(models.Q(('code', ''), ('pdf', ''), ('signed_at__isnull', True), ('status__in', ['preliminary', 'cancelled'])), models.Q(('signed_at__isnull', False), ('status__in', ['final', 'amended']), models.Q(('signed_name', ''), _negated=True), models.Q(('signed_meaning', ''), _negated=True), models.Q(('code', ''), _negated=True), models.Q(('pdf', ''), _negated=True), models.Q(('pdf_sha256', ''), _negated=True), models.Q(('impression', ''), _negated=True)), _connector='OR'), name='report_signed_is_complete'), models.CheckConstraint(condition=models.Q(models.Q(('amendment_reason', ''), ('supersedes__isnull', True), models.Q(('status', 'amended'), _negated=True)), models.Q(('status', 'cancelled'), ('supersedes__isnull', True)), models.Q(('supersedes__isnull', False), models.Q(('amendment_reason', ''), _negated=True), models.Q(('status', 'final'), _negated=True)), _connector='OR'), name='report_amendment_says_why'), models.CheckConstraint(condition=models.Q(('supersedes', models.F('id')), _negated=True), name='report_does_not_supersede_itself')],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='ReportTemplate',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('technique', models.TextField(blank=True, max_length=10000)),
                ('comparison', models.TextField(blank=True, max_length=10000)),
                ('findings', models.TextField(blank=True, max_length=10000)),
                ('impression', models.TextField(blank=True, max_length=10000)),
                ('is_active', models.BooleanField(default=True, verbose_name='offered')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='report_templates', to='accounts.clinic')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'name'), name='report_template_name_once_a_clinic', violation_error_message='A template has this name. Choose another one.')],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.RunPython(migrations.RunPython.noop, remove),
    ]
