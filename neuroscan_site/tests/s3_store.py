"""As much of an S3 store as django-storages asks for, in memory: buckets, and whole objects."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest

ACCESS_KEY = "access"


class Store(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.buckets: dict[str, dict[str, bytes]] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Addresses are `/bucket/key`: the store of a Compose file has no name for each bucket."""

    server: Store
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self._refused():
            return
        bucket, key = self._names()
        if not bucket:
            names = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in self.server.buckets)
            self._respond(
                200,
                f"<ListAllMyBucketsResult><Buckets>{names}</Buckets>".encode()
                + b"</ListAllMyBucketsResult>",
                media_type="application/xml",
            )
            return
        content = self.server.buckets.get(bucket, {}).get(key)
        if content is None:
            self._respond(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        part = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if part and content:
            start, end = int(part[1]), min(int(part[2] or len(content)), len(content) - 1)
            extent = {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
            self._respond(206, content[start : end + 1], **extent)
        else:
            self._respond(200, content)

    do_HEAD = do_GET  # noqa: N815

    def do_PUT(self) -> None:
        if self._refused():
            return
        bucket, key = self._names()
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        assert "aws-chunked" not in self.headers.get("Content-Encoding", "")
        if key:
            self.server.buckets[bucket][key] = content
        else:
            self.server.buckets[bucket] = {}
        self._respond(200, b"", ETag=f'"{hashlib.md5(content).hexdigest()}"')  # noqa: S324

    def do_DELETE(self) -> None:
        if self._refused():
            return
        bucket, key = self._names()
        self.server.buckets[bucket].pop(key, None)
        self._respond(204, b"")

    def _names(self) -> tuple[str, str]:
        bucket, _, key = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return bucket, key

    def _refused(self) -> bool:
        signed = self.headers.get("Authorization", "")
        if f"Credential={ACCESS_KEY}/" in signed or f"Credential={ACCESS_KEY}%2F" in self.path:
            return False
        self._respond(403, b"<Error><Code>AccessDenied</Code></Error>")
        return True

    def _respond(
        self,
        status: int,
        content: bytes,
        *,
        media_type: str = "application/octet-stream",
        **headers: str,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", self.date_time_string())
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def serving() -> Iterator[Store]:
    with Store() as store:
        Thread(target=store.serve_forever, daemon=True).start()
        yield store
        store.shutdown()


@pytest.fixture(scope="module")
def s3_store() -> Iterator[Store]:
    with serving() as store:
        yield store
