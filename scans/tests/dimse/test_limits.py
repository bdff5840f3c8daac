"""What one sender cannot do to the others; and TLS."""

import ssl
import subprocess

import pytest
from django.core.management import CommandError, call_command
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from scans.dimse.server import tls_context
from scans.dimse.slots import Slots
from scans.tests.dimse.listening import TITLE, entity_of, hold_connection, listening, send_by

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("real processes")]


class Running:
    alive = True

    def is_alive(self):
        return self.alive


def test_one_sender_takes_its_own_places_and_no_others():
    slots = Slots(most=3, most_of_one=2)
    first, *others = (Running() for _ in range(4))
    assert slots.take("A", first)
    assert slots.take("A", others[0])
    assert not slots.take("A", others[1])
    assert slots.take("B", others[1])
    assert not slots.take("C", others[2])
    first.alive = False
    assert slots.take("C", others[2])


def associate(port, title=TITLE, **more):
    requestor = AE(ae_title=title)
    requestor.add_requested_context(Verification)
    return requestor.associate("127.0.0.1", port, ae_title="NEUROSCAN", **more)


def test_too_many_associations_of_one_are_rejected_and_another_is_served(
    transactional_db, settings
):
    settings.DIMSE_MAX_ASSOCIATIONS_OF_ONE = 2
    user = entity_of().received_by
    entity_of(user, title="OTHER")
    with listening() as port:
        held = [associate(port) for _ in range(2)]
        assert all(one.is_established for one in held)
        rejected = associate(port)
        assert rejected.is_rejected
        assert rejected.acceptor.primitive.result_str == "Rejected Transient"
        other = associate(port, title="OTHER")
        assert other.is_established
        for one in (*held, other):
            one.release()


def test_connections_that_say_nothing_hold_up_nobody(transactional_db, monkeypatch):
    monkeypatch.setattr("scans.dimse.server._MOST_PENDING_OF_ONE", 4)
    entity_of()
    with listening() as port:
        silent = [hold_connection(port) for _ in range(3)]
        association = associate(port)
        assert association.is_established
        assert association.send_c_echo().Status == 0
        association.release()
        for one in silent:
            one.close()


def certificate(folder, name, *, issuer=None):
    """A certificate for 127.0.0.1 and its key, signed by the issuer or by itself."""
    signed_by = []
    if issuer:
        signed_by = ["-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key"]
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"]
    command += ["ec_paramgen_curve:prime256v1", "-days", "1", "-subj", f"/CN={name}"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", *signed_by]
    command += ["-out", folder / f"{name}.crt", "-keyout", folder / f"{name}.key"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def test_with_tls_only_certified_senders_connect_and_a_silent_one_holds_up_nobody(
    transactional_db, tmp_path
):
    certificate(tmp_path, "authority")
    for name in ("server", "client"):
        certificate(tmp_path, name, issuer="authority")
    paths = {"certificate": tmp_path / "server.crt", "key": tmp_path / "server.key"}
    context = tls_context(
        **{name: str(path) for name, path in paths.items()},
        client_ca=str(tmp_path / "authority.crt"),
    )
    trusting = ssl.create_default_context(cafile=str(tmp_path / "authority.crt"))
    certified = ssl.create_default_context(cafile=str(tmp_path / "authority.crt"))
    certified.load_cert_chain(tmp_path / "client.crt", tmp_path / "client.key")
    entity_of()
    with listening(ssl_context=context) as port:
        silent = hold_connection(port)  # shakes no hands
        association = associate(port, tls_args=(certified, "127.0.0.1"))
        assert association.is_established
        assert association.send_c_echo().Status == 0
        association.release()
        assert not associate(port, tls_args=(trusting, "127.0.0.1")).is_established
        silent.close()


@pytest.mark.dcmtk
def test_without_tls_nothing_is_answered_on_a_port_with_tls(transactional_db, tmp_path):
    certificate(tmp_path, "server")
    context = tls_context(
        certificate=str(tmp_path / "server.crt"), key=str(tmp_path / "server.key"), client_ca=""
    )
    entity_of()
    with listening(ssl_context=context) as port:
        assert send_by("echoscu", port, "-ta", "-to").returncode != 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DIMSE_PORT": 0}, "set NEUROSCAN_DIMSE_PORT"),
        ({"DIMSE_PORT": 11999, "DIMSE_TLS_CERTIFICATE": "/nowhere"}, "NEUROSCAN_DIMSE_TLS"),
        ({"DIMSE_PORT": 99_999}, "cannot be used"),
        ({"DIMSE_PORT": 11999, "DIMSE_AE_TITLE": "A" * 17}, "no AE title"),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_in_a_sentence(settings, changes, words):
    for name, value in changes.items():
        setattr(settings, name, value)
    with pytest.raises(CommandError, match=words):
        call_command("dicom_listener")
