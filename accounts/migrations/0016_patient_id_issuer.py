"""The issuer of the clinic's patient IDs, and whether files register patients."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_clinic_asks_of_every_finding'),
    ]

    operations = [
        migrations.AddField(
            model_name='clinic',
            name='patient_id_issuer',
            field=models.CharField(blank=True, help_text='As DICOM files name it (Issuer of Patient ID). A file that names no issuer, or this one, states an MRN of the clinic.', max_length=64, verbose_name="issuer of the clinic's patient IDs"),
        ),
        migrations.AddField(
            model_name='clinic',
            name='registers_patients_from_files',
            field=models.BooleanField(default=False, help_text='A study that a scanner or a PACS sends registers its patient, where no similar one is there. Otherwise it waits until somebody chooses the patient.', verbose_name='registers patients from files'),
        ),
    ]
