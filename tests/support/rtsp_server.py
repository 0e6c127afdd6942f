"""A small RTSP server on this machine, which sends H.264 over the connection that asks for it."""

from __future__ import annotations

import re
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

RATE = 25  # frames per second
_TICKS = 90_000 // RATE  # of the clock of RTP

_DESCRIPTION = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track\r\n"
)


def encode(frames: int, shade: int) -> list[list[bytes]]:
    """H.264 of grey frames: the NAL units of each, a keyframe with its parameters first."""
    import av

    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt, codec.framerate = 64, 48, "yuv420p", RATE
    codec.options = {"tune": "zerolatency", "g": "5", "preset": "ultrafast"}
    units = []
    for _ in range(frames):
        image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), shade, np.uint8), format="rgb24")
        units += [
            [unit for unit in re.split(b"\0\0\0?\1", bytes(packet)) if unit] for packet in codec.encode(image)
        ]
    return units


class _Session(socketserver.StreamRequestHandler):
    """One connection: answers requests, then sends frames until its share is used up."""

    server: RtspServer

    def handle(self) -> None:
        while (request := self._request()) is not None:
            method, number = request
            body, more = "", ""
            if method == "DESCRIBE":
                body, more = _DESCRIPTION, "Content-Type: application/sdp\r\n"
            elif method == "SETUP":
                more = "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            elif method == "OPTIONS":
                more = "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            answer = f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}"
            self.wfile.write(answer.encode())
            if method == "PLAY":
                self._play()
                return

    def _request(self) -> tuple[str, str] | None:
        lines = []
        while line := self.rfile.readline().decode(errors="replace").strip():
            lines.append(line)
        if not lines:
            return None
        number = next(line.partition(":")[2].strip() for line in lines if line.lower().startswith("cseq"))
        return lines[0].split()[0], number

    def _play(self) -> None:
        share = self.server.next_share()
        sequence = 0
        for index, units in enumerate(encode(share, self.server.shade)):
            for unit in units:
                last = unit is units[-1]
                header = struct.pack(">BBHII", 0x80, 96 | last << 7, sequence, index * _TICKS, 1)
                self.wfile.write(struct.pack(">cBH", b"$", 0, len(header + unit)) + header + unit)
                sequence += 1
            time.sleep(1 / RATE)
        self.connection.shutdown(socket.SHUT_RDWR)


class RtspServer(socketserver.ThreadingTCPServer):
    """Sends each client a number of frames, then breaks the connection off.

    Attributes:
        shares: Frames for the first client, the second, and so on; the last number holds for all others.
        sessions: How many clients have asked for frames.
    """

    daemon_threads = True

    def __init__(self, shares: list[int], shade: int = 120) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.shares, self.sessions, self.shade = shares, 0, shade

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.server_address[1]}/camera"

    def next_share(self) -> int:
        self.sessions += 1
        return self.shares[min(self.sessions, len(self.shares)) - 1]

    def handle_error(self, *_: object) -> None:
        """A client that goes away is no error."""


@contextmanager
def rtsp_server(*shares: int) -> Iterator[RtspServer]:
    """A running server, see `RtspServer`."""
    with RtspServer(list(shares)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
