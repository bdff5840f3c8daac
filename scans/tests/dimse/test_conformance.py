"""The conformance statement says what the code accepts."""

import re

from scans.dimse.contexts import supported_contexts
from scans.management.commands.document_dicom import PATH, statement


def test_the_statement_is_up_to_date():
    assert PATH.read_text() == statement(), "run: manage.py document_dicom"


def test_it_names_every_class_and_syntax_that_is_accepted():
    text = PATH.read_text()
    named = set(re.findall(r"\| (1\.2\.840\.10008[\d.]*) \|", text)) | {"1.2.840.10008.1.1"}
    contexts = supported_contexts()
    accepted = {str(context.abstract_syntax) for context in contexts}
    accepted |= {str(uid) for context in contexts for uid in context.transfer_syntax}
    assert named - {"1.2.840.10008.3.1.1.1"} == accepted
