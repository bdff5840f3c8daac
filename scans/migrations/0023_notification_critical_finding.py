import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scans', '0022_comparison'),
    ]

    operations = [
        migrations.AddField(
            model_name='notification',
            name='critical_finding',
            field=models.ForeignKey(blank=True, help_text='What was sent, or acknowledged: each one is told of by itself.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='scans.criticalfinding'),
        ),
    ]
