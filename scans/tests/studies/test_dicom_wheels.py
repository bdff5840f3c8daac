"""Every DICOM file inside the wheels of pydicom, pydicom-data and nibabel, through the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ml.imaging.formats.dicom.tests.test_wheels import files
from neuroscan_site.tests.matrix import sampled
from scans.models import Image, Instance
from scans.tests.core.factories import ReleaseFactory

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore")]


FILES = {"/".join(path.parts[path.parts.index("site-packages") + 1 :]): path for path in files()}


@pytest.mark.parametrize("name", sampled(sorted(FILES), keep=40))
def test_a_file_is_received_or_refused_with_a_sentence(name, api, patient):
    ReleaseFactory()
    content = FILES[name].read_bytes()
    response = api.post(
        "/api/v1/studies/",
        {
            "patient": str(patient.pk),
            "files": [SimpleUploadedFile("a.dcm", content)],
            "confirm_identity": "true",
            "study_date": "2026-01-02",
        },
        format="multipart",
    )
    if response.status_code == 201:
        instance = Instance.objects.get()
        assert instance.kind
        assert instance.number_of_frames == Image.objects.count()
        for image in Image.objects.all()[:3]:
            frame = api.get(f"/api/v1/images/{image.pk}/frame/")
            assert frame.status_code == (409 if instance.cannot_be_shown else 200)
        assert instance.decoding in ("decoded", "failed")
        assert instance.decoding_problem[-1:] == ("." if instance.cannot_be_shown else "")
        assert api.get(f"/api/v1/studies/{response.json()['id']}/viewer/").status_code == 200
    else:
        assert response.status_code == 400, response.content
        (refused,) = response.json()["refused"]
        assert refused["code"] not in ("", "identity_differs")
        assert refused["detail"].endswith(".")
        assert not Instance.objects.exists()
