"""The sockets below the associations: TLS, timeouts, and an end of what was begun."""

import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from django.db import connections
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

_HANDSHAKE_SECONDS = 10
# Connections on which nobody has asked for an association yet: all together, and of one address.
_MOST_PENDING, _MOST_PENDING_OF_ONE = 60, 20


class Handler(RequestHandler):
    """Makes the association of a connection, and clears up after it."""

    def _create_association(self) -> Association:
        association = super()._create_association()
        run = association.run

        def run_and_clear_up() -> None:
            try:
                run()
            finally:
                _remove_unfinished(association)
                connections.close_all()  # those of this thread

        association.run = run_and_clear_up  # type: ignore[method-assign]
        limit = cast("Server", self.server).max_object_bytes
        _limit_objects(association, limit)
        return association


class Server(ThreadedAssociationServer):
    """Accepts connections; one that is slow to shake hands, or says nothing, holds up nobody."""

    daemon_threads = True
    request_queue_size = 64
    max_object_bytes: int

    def __init__(self, *args: Any, max_object_bytes: int, **kwargs: Any) -> None:
        self.max_object_bytes = max_object_bytes
        super().__init__(*args, **kwargs, request_handler=Handler)  # type: ignore[misc]

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a connection. Hands are shaken in its own thread."""
        assert self.socket is not None
        client, address = self.socket.accept()
        client.settimeout(self.ae.network_timeout)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.ssl_context:
            client = self.ssl_context.wrap_socket(
                client, server_side=True, do_handshake_on_connect=False
            )
        return client, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse a connection where too many have not asked for an association yet."""
        pending = [one for one in self.active_associations if not one.is_established]
        of_one = [one for one in pending if one.requestor.address == str(client_address[0])]
        return len(pending) < _MOST_PENDING and len(of_one) < _MOST_PENDING_OF_ONE

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Shake hands, then serve the connection."""
        if isinstance(request, ssl.SSLSocket):
            try:
                request.settimeout(_HANDSHAKE_SECONDS)
                request.do_handshake()
                request.settimeout(self.ae.network_timeout)
            except OSError:  # no TLS, no certificate, or nothing at all
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def shutdown(self) -> None:
        """Stop accepting connections."""
        super(ThreadedAssociationServer, self).shutdown()


def tls_context(*, certificate: str, key: str, client_ca: str) -> ssl.SSLContext:
    """Return the context of a server; with `client_ca` only clients with its certificates connect.

    Raises `OSError` (`ssl.SSLError` is one) for files that cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key or None)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _limit_objects(association: Association, max_bytes: int) -> None:
    """Keep no more of an object than says that it is too large; its sender is told at its end."""
    receive: Callable[[P_DATA], None] = association.dimse.receive_primitive
    kept = 0

    def receive_limited(primitive: P_DATA) -> None:
        nonlocal kept
        values = primitive.presentation_data_value_list
        for number, (context_id, data) in enumerate(values):
            if not data or data[0] & 1:  # a command: another object begins
                kept = 0
            elif kept > max_bytes:
                values[number] = (context_id, data[:1])  # and nothing of what it brings
            else:
                kept += len(data) - 1
        receive(primitive)

    association.dimse.receive_primitive = receive_limited  # type: ignore[method-assign]


def _remove_unfinished(association: Association) -> None:
    """Delete what had come of objects whose association was aborted; none was acknowledged."""
    files = [getattr(association.dimse.message, "_data_set_file", None)]
    while not association.dimse.msg_queue.empty():
        _, message = association.dimse.msg_queue.get_nowait()
        files.append(getattr(message, "_dataset_file", None))
    for file in filter(None, files):
        with contextlib.suppress(OSError):
            file.close()
        with contextlib.suppress(OSError):
            Path(file.name).unlink()
