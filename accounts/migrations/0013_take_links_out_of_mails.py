import re

from django.db import migrations


def take_links_out(apps, schema_editor):
    """Keep the link of a critical finding only with a mail that still waits to be sent."""
    OutgoingMail = apps.get_model('accounts', 'OutgoingMail')
    for mail in OutgoingMail.objects.filter(text__contains='/critical/'):
        link = re.search(r'https?://\S+/critical/\S+', mail.text)
        if link is not None:
            waits = mail.sent_at is None and mail.given_up_at is None
            mail.link = link[0] if waits else ''
            mail.text = mail.text.replace(link[0], '{link}')
            mail.save(update_fields=['link', 'text'])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_mail_links'),
    ]

    operations = [
        migrations.RunPython(take_links_out, migrations.RunPython.noop),
    ]
