"""What arrives without a chosen patient, and other identifiers of patients."""
import accounts.undeletable
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0016_patient_id_issuer'),
        ('scans', '0033_dicom_objects'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PatientIdentifier',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('issuer', models.CharField(blank=True, help_text='Empty: the clinic itself.', max_length=255)),
                ('value', models.CharField(max_length=255)),
                ('issuer_key', models.CharField(blank=True, editable=False, max_length=4600)),
                ('value_key', models.CharField(editable=False, max_length=4600)),
                ('added_at', models.DateTimeField(auto_now_add=True)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='identifiers', to='scans.patient')),
                ('withdrawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['issuer', 'value', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('clinic', 'issuer_key', 'value_key'), name='patient_identifier_once'), models.CheckConstraint(condition=models.Q(('value_key', ''), _negated=True), name='patient_identifier_has_value')],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
        migrations.CreateModel(
            name='ReceivedObject',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('source', models.CharField(choices=[('upload', 'Upload'), ('stow', 'DICOMweb (STOW-RS)'), ('dimse', 'DICOM (C-STORE)'), ('folder', 'Watched folder')], max_length=6)),
                ('sender', models.CharField(blank=True, help_text='Calling AE title, name of the token, or folder.', max_length=200)),
                ('file', models.FileField(help_text='The bytes as received.', max_length=200, upload_to='')),
                ('filename', models.CharField(help_text='As the sender named it; never a path.', max_length=255)),
                ('sha256', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('byte_size', models.PositiveBigIntegerField()),
                ('sop_class_uid', models.CharField(blank=True, max_length=64, verbose_name='SOP class UID')),
                ('sop_instance_uid', models.CharField(max_length=64, verbose_name='SOP instance UID')),
                ('transfer_syntax_uid', models.CharField(blank=True, max_length=64, verbose_name='transfer syntax UID')),
                ('study_instance_uid', models.CharField(max_length=64, verbose_name='study instance UID')),
                ('series_instance_uid', models.CharField(blank=True, max_length=64, verbose_name='series instance UID')),
                ('stated_patient_id', models.CharField(blank=True, max_length=255, verbose_name='patient ID')),
                ('stated_issuer', models.CharField(blank=True, max_length=255, verbose_name='issuer of the patient ID')),
                ('stated_name', models.CharField(blank=True, max_length=400, verbose_name="patient's name")),
                ('stated_birth_date', models.DateField(blank=True, null=True, verbose_name='birth date')),
                ('stated_sex', models.CharField(blank=True, choices=[('F', 'Female'), ('M', 'Male'), ('O', 'Other')], max_length=1, verbose_name='sex')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('filed', 'Filed'), ('held', 'Held'), ('discarded', 'Discarded')], default='waiting', max_length=9)),
                ('code', models.CharField(blank=True, help_text='Why it is held, for programs.', max_length=40)),
                ('detail', models.CharField(blank=True, help_text='Why it is held.', max_length=1000)),
                ('is_confirmed', models.BooleanField(default=False, help_text='A person said that it is of this patient.')),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, help_text='Why it was discarded.', max_length=500)),
                ('claim_token', models.UUIDField(editable=False, null=True)),
                ('claimed_until', models.DateTimeField(editable=False, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='received_objects', to='accounts.clinic')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='received_objects', to='scans.instance')),
                ('patient', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='received_objects', to='scans.patient')),
                ('received_by', models.ForeignKey(help_text='In whose name it was sent.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['received_at', 'id'],
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['received_at'], name='received_object_waiting'), models.Index(condition=models.Q(('state', 'held')), fields=['clinic', 'study_instance_uid'], name='received_object_held'), models.Index(fields=['clinic', 'sop_instance_uid'], name='received_object_by_uid')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'filed', 'held', 'discarded'])), name='received_object_state_from_the_list'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'filed'), _negated=True), ('instance__isnull', False), _connector='OR'), name='received_object_filed_as_instance'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'held'), _negated=True), models.Q(('code', ''), _negated=True), _connector='OR'), name='received_object_held_says_why'), models.UniqueConstraint(condition=models.Q(('state__in', ('waiting', 'held')), models.Q(('code', 'uid_conflict'), _negated=True)), fields=('clinic', 'sop_instance_uid'), name='received_object_once'), models.UniqueConstraint(condition=models.Q(('code', 'uid_conflict')), fields=('clinic', 'sop_instance_uid', 'sha256'), name='received_conflict_once')],
            },
            bases=(accounts.undeletable.Undeletable, models.Model),
        ),
    ]
