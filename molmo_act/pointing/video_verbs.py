"""What a model can be asked about videos in one prompt: point and count."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from molmo_act.io.frames import DEFAULT_FPS, VideoSource
from molmo_act.outputs.count import Count
from molmo_act.outputs.points import Points
from molmo_act.pointing.options import Many, Order, VideoOptions, refuse_exactly, refuse_unknown
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.pointing.videos import FrameSelection, point_in_video
from molmo_act.request import Bounds, as_list

if TYPE_CHECKING:
    from typing import Unpack


class VideoVerbs:
    """The part of `PointingModel` that is about videos.

    Attributes:
        runtime: The model with everything that asking it takes.
    """

    runtime: PointingRuntime

    @overload
    def point_in_video(self, video: VideoSource, query: str, **options: Unpack[VideoOptions]) -> Points: ...

    @overload
    def point_in_video(
        self, video: VideoSource, query: Many[str], **options: Unpack[VideoOptions]
    ) -> list[Points]: ...

    def point_in_video(
        self,
        video: VideoSource,
        query: str | Many[str],
        *,
        max_points: int | None = None,
        exactly: int | None = None,
        min_score: float = 0.0,
        timeout: float | None = None,
        order: Order = "reference",
        prompt: str | None = None,
        fps: float = DEFAULT_FPS,
        max_frames: int | None = None,
        start: float = 0.0,
        end: float | None = None,
    ) -> Points | list[Points]:
        """Points at what a query names on the frames of a video, with checkpoints that are trained on videos.

        Args:
            video: A video file, a folder of images, or images in order.
            query: What to find, in words; or a list. The video is read once, whatever the number of queries.
            max_points: See `point`, as are the next five.
            exactly: See `point`; of all frames together.
            min_score: See `point`.
            timeout: See `point`.
            order: See `point`.
            prompt: See `point`.
            fps: Frames per second of a folder or a list; a file says itself when each frame is shown.
            max_frames: Most frames to look at; None for the checkpoint's own number. A VideoMolmo looks at
                every tenth frame, ten of them unless given, each with the four before it.
            start: Seconds at which the part to look at begins.
            end: Seconds at which it ends; None for the end of the video.

        Returns:
            `Points` in pixels of the frames; a list of them when a list of queries was given.
            `Points.timestamp` says when each frame is shown, `Points.image_index` counts the frames that the
            model looked at.

        Raises:
            InputError: The model is a Molmo 1, the video cannot be used or is too long for the model, or a
                number is out of range.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        bounds = Bounds(max_points, min_score, timeout, order, exactly)
        frames = FrameSelection(fps, max_frames, start=start, end=end)
        self.runtime.check_questions(as_list(query), prompt)
        found = point_in_video(
            self.runtime, video, as_list(query), bounds=bounds, frames=frames, prompt=prompt
        )
        return found if isinstance(query, (list, tuple)) else found[0]

    @overload
    def count_in_video(self, video: VideoSource, query: str, **options: Unpack[VideoOptions]) -> Count: ...

    @overload
    def count_in_video(
        self, video: VideoSource, query: Many[str], **options: Unpack[VideoOptions]
    ) -> list[Count]: ...

    def count_in_video(
        self, video: VideoSource, query: str | Many[str], **options: Unpack[VideoOptions]
    ) -> Count | list[Count]:
        """Counts what a query names in a video; an object that is pointed at on several frames counts once.

        Args:
            video: See `point_in_video`.
            query: See `point_in_video`.
            options: Keyword arguments of `point_in_video`, `exactly` excepted.

        Returns:
            A number as `count` gives it; a list of them when a list of queries was given.

        Raises:
            InputError: See `point_in_video`.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        refuse_unknown(options, VideoOptions, "count_in_video")
        refuse_exactly(options, "count_in_video")
        found = self.point_in_video(video, query, **options)
        numbers = [
            Count(len(set(points.object_id.tolist())), truncated=points.truncated, damaged=points.damaged)
            for points in as_list(found)
        ]
        return numbers[0] if isinstance(found, Points) else numbers
