"""Tells whether the last picture of a video is whole where files state no length; decoders patch it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

ENDLESS = frozenset({"h264", "hevc", "mpegvideo", "m4v", "mpeg", "mpegts", "nut"})
"""Containers, by FFmpeg's names, that end wherever they are cut off."""
_JUDGED = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"})
"""Codecs whose decoders say what is torn, and which need to know no more than what is in the stream."""
_MOST_BYTES = 64_000_000  # of packets that are kept; streams without keyframes are not judged beyond


class LastPicture:
    """The packets since the last keyframe, which are what the last picture is decoded from."""

    def __init__(self) -> None:
        self._packets: list[Packet[Any]] = []
        self._size = 0

    def take(self, packet: Packet[Any]) -> None:
        """Keeps a packet, and forgets what came before a keyframe.

        Args:
            packet: As the container gives it; empty ones at the end do not count.
        """
        if not packet.size:
            return
        if packet.is_keyframe:
            self._packets, self._size = [], 0
        self._size += packet.size
        if self._size <= _MOST_BYTES:
            self._packets.append(packet)

    def is_torn(self, stream: VideoStream) -> bool:
        """Decodes the packets anew, and without mercy.

        Args:
            stream: What they belong to.

        Returns:
            Whether the last packet cannot be decoded although all before it can. Where others fail, too, the
            stream is one that its decoder finds fault with, and nothing is known.
        """
        codec = stream.codec_context
        if codec.name not in _JUDGED or not self._packets or self._size > _MOST_BYTES:
            return False
        import av

        decoder: Any = av.CodecContext.create(codec.name, "r")
        decoder.options = {"err_detect": "explode"}
        decoder.thread_count = 1  # with more, an error is that of an earlier packet
        decoder.extradata = codec.extradata
        *before, last = [bytes(packet) for packet in self._packets]
        try:
            for content in before:
                decoder.decode(av.Packet(content))
        except av.error.FFmpegError:
            return False
        try:
            decoder.decode(av.Packet(last))
        except av.error.FFmpegError:
            return True
        return False
