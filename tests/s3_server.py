"""Moto's server of the S3 API on a free port of this machine: ``python -m tests.s3_server`` prints its address.

It ends when its standard input does, so that it outlives no test.
"""

import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept open, as S3 does

    def log_request(self, *args: Any, **more: Any) -> None:
        """Log nothing."""


class _OneByOne:
    """Serialises requests. S3 decides conditional writes one after the other; moto does so only for single requests."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._lock:
            return list(self._app(environ, start_response))


def main() -> None:
    """Serve until the standard input ends."""
    server = make_server("127.0.0.1", 0, _OneByOne(), threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
