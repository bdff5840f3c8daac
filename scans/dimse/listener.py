"""The storage SCP: C-ECHO and C-STORE of the application entities that clinics allow.

An association belongs to the clinic of its calling AE title. Success is said of an object once it
is on the disk and in the database; whatever ends an association takes nothing of that back.
"""

import ssl
import threading
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import close_old_connections
from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association

from accounts import audit
from scans import ingest
from scans.dimse.contexts import support_others, supported_contexts
from scans.dimse.server import Server
from scans.dimse.slots import Slots
from scans.ingest.limits import upload_limits
from scans.models import ApplicationEntity
from scans.models.received_object import ReceivedSource
from scans.services.studies.doors import DicomStatus, Taken, fault_of, take_object, too_large
from scans.services.studies.senders import allowed_sender, was_seen

log = structlog.get_logger(__name__)
_ASSOCIATION_SECONDS = 15  # in which a connection has to ask for an association
_LONGEST_COMMENT = 64  # of Error Comment (0000,0902): LO

_REFUSED = Taken(DicomStatus.NOT_AUTHORIZED, sentence="This application entity may not send.")
_PERMANENT, _TRANSIENT = 0x01, 0x02
_BY_USER, _BY_PRESENTATION = 0x01, 0x03


@dataclass(frozen=True)
class _Rejection:
    """Result, source and diagnostic of A-ASSOCIATE-RJ (PS3.8, 9.3.4)."""

    result: int
    source: int
    diagnostic: int
    words: str


_UNKNOWN_CALLING = _Rejection(_PERMANENT, _BY_USER, 0x03, "calling AE title not recognized")
_UNKNOWN_CALLED = _Rejection(_PERMANENT, _BY_USER, 0x07, "called AE title not recognized")
_TOO_MANY = _Rejection(_TRANSIENT, _BY_PRESENTATION, 0x02, "local limit exceeded")
_CONGESTED = _Rejection(_TRANSIENT, _BY_PRESENTATION, 0x01, "temporary congestion")


class Listener:
    """Listens on the port that the settings name, until it is stopped."""

    def __init__(self, *, port: int, ssl_context: ssl.SSLContext | None = None) -> None:
        """Bind the port. Raises `OSError` for one that cannot be used, `ValueError` for the title.

        What has not come completely stands in a temporary file, not in memory.
        """
        self._slots = Slots(
            most=settings.DIMSE_MAX_ASSOCIATIONS,
            most_of_one=settings.DIMSE_MAX_ASSOCIATIONS_OF_ONE,
        )
        self._entity = AE(ae_title=settings.DIMSE_AE_TITLE)
        self._entity.maximum_associations = 10_000  # counted here, by sender
        self._entity.maximum_pdu_size = settings.DIMSE_MAX_PDU
        self._entity.acse_timeout = _ASSOCIATION_SECONDS
        self._entity.dimse_timeout = settings.DIMSE_TIMEOUT
        self._entity.network_timeout = settings.DIMSE_TIMEOUT
        self._server = Server(
            self._entity,
            (settings.DIMSE_BIND, port),
            settings.DIMSE_AE_TITLE,
            supported_contexts(),
            ssl_context=ssl_context,
            evt_handlers=[
                (evt.EVT_REQUESTED, self._on_requested),
                (evt.EVT_C_STORE, self._on_store),
            ],
            max_object_bytes=upload_limits().file.max_bytes,
        )
        self._entity._servers.append(self._server)
        _config.STORE_RECV_CHUNKED_DATASET = True

    @property
    def port(self) -> int:
        """The port, also where the system chose it."""
        return int(self._server.server_address[1])

    def serve(self) -> None:
        """Serve until `stop` is called in another thread."""
        self._server.serve_forever(poll_interval=0.5)

    def stop(self) -> None:
        """Accept no more, and end the associations; what was acknowledged stays."""
        self._server.shutdown()
        ending = [
            threading.Thread(target=one.abort, daemon=True)
            for one in self._entity.active_associations
        ]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(timeout=5)
        self._server.server_close()

    def _on_requested(self, event: evt.Event) -> None:
        """Decide about an association that was asked for. A fault never lets one in."""
        try:
            rejection = self._rejection(event.assoc)
        except Exception:  # the database is away
            log.exception("dimse.fault")
            rejection = _CONGESTED
        if rejection is None:
            support_others(event.assoc)
            return
        log.warning("dimse.rejected", reason=rejection.words, address=_address(event.assoc))
        event.assoc.acse.send_reject(rejection.result, rejection.source, rejection.diagnostic)
        event.assoc.kill()

    def _rejection(self, association: Association) -> _Rejection | None:
        close_old_connections()
        entity = allowed_sender(_calling_title(association))
        if entity is None:
            return _UNKNOWN_CALLING
        assert association.requestor.primitive is not None
        called = str(association.requestor.primitive.called_ae_title)
        if called.strip() != self._entity.ae_title.strip():
            return _UNKNOWN_CALLED
        if not self._slots.take(entity.title, association):
            return _TOO_MANY
        was_seen(entity)
        return None

    def _on_store(self, event: evt.Event) -> int | Dataset:
        """Take one object, and say by its status what became of it."""
        try:
            close_old_connections()
            # Asked for every object: who may no longer send is refused at once.
            entity = allowed_sender(_calling_title(event.assoc))
            with audit.coming_from(_address(event.assoc)):
                taken = _take(event, entity) if entity is not None else _REFUSED
        except Exception as error:  # the database is away: nothing is wrong with the object
            taken = fault_of(error)
        if taken.is_stored:
            return DicomStatus.STORED.value
        log.warning("dimse.refused", status=taken.status.name)
        answer = Dataset()
        answer.Status = taken.status.value
        answer.ErrorComment = _comment(taken.sentence)
        return answer


def _take(event: evt.Event, entity: ApplicationEntity) -> Taken:
    path, limits = event.dataset_path, upload_limits()
    if path.stat().st_size > limits.file.max_bytes:
        return too_large(limits.file.max_bytes)
    content = path.read_bytes()
    if other := _other_than_announced(content, event.request):
        return other
    return take_object(
        user=entity.received_by,
        content=content,
        source=ReceivedSource.DIMSE,
        sender=entity.title,
    )


def _other_than_announced(content: bytes, request: Any) -> Taken | None:
    """The failure of an object that is another one than its command says."""
    try:
        found = ingest.identify(content, upload_limits())
    except ingest.Refusal as refusal:
        return Taken(DicomStatus.CANNOT_UNDERSTAND, sentence=refusal.detail)
    announced = (str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID))
    stated = (found.sop_class_uid, found.sop_instance_uid)
    if all(not one or one == other for one, other in zip(stated, announced, strict=True)):
        return None
    return Taken(
        DicomStatus.DOES_NOT_MATCH, sentence="Its UIDs are others than those of the command."
    )


def _calling_title(association: Association) -> str:
    proposal = association.requestor.primitive
    return "" if proposal is None else str(proposal.calling_ae_title)


def _address(association: Association) -> str | None:
    return association.requestor.address or None


def _comment(sentence: str) -> str:
    plain = sentence.encode("ascii", "replace").decode().replace("\\", "/")
    return plain if len(plain) <= _LONGEST_COMMENT else f"{plain[: _LONGEST_COMMENT - 3]}..."
