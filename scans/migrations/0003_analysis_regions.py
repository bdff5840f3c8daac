from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scans", "0002_finished_analyses_do_not_change")]

    operations: list[migrations.operations.base.Operation] = []
