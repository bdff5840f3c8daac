from django.db import migrations


def name_findings(apps, schema_editor):
    """Let older notifications of a critical finding open the newest one sent to their person."""
    Notification = apps.get_model('scans', 'Notification')
    CriticalFinding = apps.get_model('scans', 'CriticalFinding')
    for row in Notification.objects.filter(kind='critical_finding'):
        sent = CriticalFinding.objects.filter(study=row.study_id, recipient=row.person_id)
        sent = sent.order_by('-noted_at')
        row.critical_finding = sent.filter(acknowledged_at=None).first() or sent.first()
        row.save(update_fields=['critical_finding'])


class Migration(migrations.Migration):

    dependencies = [
        ('scans', '0023_notification_critical_finding'),
    ]

    operations = [
        migrations.RunPython(name_findings, migrations.RunPython.noop),
    ]
