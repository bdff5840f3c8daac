"""The sections take their headings from one table. No column changes, so the triggers stay."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scans', '0007_field_words'),
    ]

    operations = [
        migrations.AlterField(
            model_name='report',
            name='comparison',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Comparison'),
        ),
        migrations.AlterField(
            model_name='report',
            name='findings',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Findings'),
        ),
        migrations.AlterField(
            model_name='report',
            name='impression',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Impression'),
        ),
        migrations.AlterField(
            model_name='report',
            name='technique',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Technique'),
        ),
        migrations.AlterField(
            model_name='reporttemplate',
            name='comparison',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Comparison'),
        ),
        migrations.AlterField(
            model_name='reporttemplate',
            name='findings',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Findings'),
        ),
        migrations.AlterField(
            model_name='reporttemplate',
            name='impression',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Impression'),
        ),
        migrations.AlterField(
            model_name='reporttemplate',
            name='technique',
            field=models.TextField(blank=True, max_length=10000, verbose_name='Technique'),
        ),
    ]
