"""Downloads images, for callers who ask for it; nothing else of the library reads from the web."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPMessage
from typing import IO
from urllib.parse import quote, urlsplit

from molmo_act.errors import ImageError, InputError
from molmo_act.validation import check_int, check_number

MAX_BYTES = 50_000_000
TIMEOUT = 20.0
_PIECE = 65536
_LONGEST = 86_400.0
_KEPT = "%/:=&?~#+!$,;'@()*[]"
"""Characters of an address that stay as they are; others, such as spaces and umlauts, are escaped."""
_REDIRECTS = ("http", "https")


def fetch_image(url: str, *, timeout: float = TIMEOUT, max_bytes: int = MAX_BYTES) -> bytes:
    """Downloads an image file.

    A URL that is given as an image is refused; a program that may reach the web calls this instead. Whatever
    address the machine reaches is read, those of its own network too: check the URLs of strangers first.

    Args:
        url: Its address, ``http://`` or ``https://``. Redirects to other kinds of addresses are refused.
        timeout: Seconds for all of it.
        max_bytes: Most bytes that are read.

    Returns:
        Content of the file, which everything takes that takes an image.

    Raises:
        ImageError: It cannot be reached, is too large, or takes too long.
        InputError: The address is of another kind, or a number is out of range.

    Example:
        >>> fetch_image("ftp://example.org/cat.png")
        Traceback (most recent call last):
        molmo_act.errors.InputError: The address is 'ftp://example.org/cat.png'; expected https:// or http://.
    """
    if not isinstance(url, str) or _scheme(url) not in _REDIRECTS:
        raise InputError(f"The address is {url!r}; expected https:// or http://.")
    timeout = check_number("timeout", timeout, above=0, most=_LONGEST, what="seconds")
    max_bytes = check_int("max_bytes", max_bytes)
    shown = without_password(url)
    download = _Download(quote(url, safe=_KEPT), shown, timeout, max_bytes)
    # In a thread, because a server can keep a connection alive with a byte now and then for ever.
    thread = threading.Thread(target=download.run, name="fetch_image", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise download.late
    if download.error is not None:
        raise download.error
    return download.content


def without_password(url: str) -> str:
    """Gives an address as messages may show it.

    Args:
        url: The address.

    Returns:
        The same with dots in the place of a password.
    """
    scheme, marks, rest = url.partition("://")
    server, slash, path = rest.partition("/")
    user, at, host = server.rpartition("@")
    hidden = marks and at and ":" in user
    return f"{scheme}://{user.partition(':')[0]}:…@{host}{slash}{path}" if hidden else url


def _scheme(url: str) -> str | None:
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:  # such as an address of version 6 without its end
        return None


class _Download:
    """One download, which runs in a thread of its own."""

    def __init__(self, url: str, shown: str, timeout: float, max_bytes: int) -> None:
        self._url, self._shown = url, shown
        self._timeout, self._max_bytes = timeout, max_bytes
        self.content = b""
        self.error: ImageError | None = None
        self.late = ImageError(f"Image {shown!r} did not arrive within {timeout:g} s. Give a longer timeout.")

    def run(self) -> None:
        """Downloads the file into `content`, or says in `error` why not."""
        until = time.monotonic() + self._timeout
        request = urllib.request.Request(self._url, headers={"User-Agent": "molmo-act", "Accept": "image/*"})
        try:
            with urllib.request.build_opener(_WebOnly).open(request, timeout=self._timeout) as answer:
                self.content = self._read(answer, until)
        except ImageError as exc:
            self.error = exc
        except (OSError, http.client.HTTPException, ValueError) as exc:
            reason = getattr(exc, "reason", None) or exc
            self.error = ImageError(f"Image {self._shown!r} cannot be downloaded ({reason}).")

    def _read(self, answer: http.client.HTTPResponse, until: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while time.monotonic() < until:
            piece = answer.read1(_PIECE)
            if not piece:
                if answer.length:  # which counts down what the server said that it sends
                    missing = f"{size} bytes came, {answer.length} are missing"
                    raise ImageError(f"Image {self._shown!r} broke off: {missing}. Try again.")
                return b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
            if size > self._max_bytes:
                raise ImageError(
                    f"Image {self._shown!r} has more than {self._max_bytes} bytes; expected fewer, or a "
                    "larger max_bytes."
                )
        raise self.late  # to whoever still waits


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the web only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The next request; `urllib.error.HTTPError` where it would leave the web."""
        if urlsplit(newurl).scheme.lower() not in _REDIRECTS:
            raise urllib.error.HTTPError(newurl, code, f"redirected to {newurl!r}", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
