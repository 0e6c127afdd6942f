"""The services of the point node: other queries, and one question about one image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rclpy.callback_groups import ReentrantCallbackGroup
from sensor_msgs.msg import CompressedImage, Image

from molmo_act.errors import InputError
from molmo_act_ros import async_wait, interfaces
from molmo_act_ros.conversions.stamps import require_not_negative
from molmo_act_ros.model_node import ModelNode
from molmo_act_ros.reporting_node import describe_error

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPixels
    from molmo_act_interfaces.srv import PointQuery, SetQueries


@dataclass(frozen=True, eq=False)
class PointRequest:
    """A call of ``~/point_query`` that waits for the worker.

    Attributes:
        query: What to find, in words.
        image: The image to look at.
        max_points: Most points; None for all.
        min_score: Lowest score of a point.
        answer: Gets the PointedPixels, or the error.
    """

    query: str
    image: Image | CompressedImage
    max_points: int | None
    min_score: float
    answer: Future[PointedPixels] = field(default_factory=Future)

    def answer_with(self, point: Callable[[PointRequest], PointedPixels]) -> None:
        """Answers the call, unless it has been cancelled.

        Args:
            point: Finds the points; what it raises is the answer, too.
        """
        if not self.answer.set_running_or_notify_cancel():
            return
        try:
            self.answer.set_result(point(self))
        except Exception as error:
            self.answer.set_exception(error)


class PointServices:
    """Offers ``~/set_queries`` and ``~/point_query``, where their messages are installed.

    Args:
        node: The node.
        insert: Has a request answered next, or after one image; raises `InputError` where the node is
            inactive.
        newest_image: Gives the newest image of a camera, blank for the first one; raises `InputError`.
        query_ids: Gives the number of each query.
    """

    def __init__(
        self,
        node: ModelNode,
        *,
        insert: Callable[[PointRequest], None],
        newest_image: Callable[[str], Image | CompressedImage],
        query_ids: Callable[[], Mapping[str, int]],
    ) -> None:
        self._node, self._insert = node, insert
        self._newest_image, self._query_ids = newest_image, query_ids
        self._waiting: set[PointRequest] = set()
        services = interfaces.find_interfaces("molmo_act_interfaces.srv")
        if services is not None:
            node.create_service(services.SetQueries, "~/set_queries", self._serve_queries)
            alone = ReentrantCallbackGroup()  # it waits for the model, and nothing else shall wait with it
            node.create_service(services.PointQuery, "~/point_query", self._serve_point, callback_group=alone)

    def cancel(self) -> None:
        """Tells those who wait for an answer that none will come."""
        for request in list(self._waiting):
            request.answer.cancel()

    def _serve_queries(self, call: SetQueries.Request, response: SetQueries.Response) -> SetQueries.Response:
        if self._node.model is None:
            response.message = "the node is not configured"
            return response
        result = self._node.set_queries(call.queries)
        response.success, response.message = result.successful, result.reason
        if result.successful:
            query_ids = self._query_ids()
            response.query_ids = [query_ids[query.strip()] for query in call.queries if query.strip()]
        return response

    async def _serve_point(
        self, call: PointQuery.Request, response: PointQuery.Response
    ) -> PointQuery.Response:
        try:
            request = self._ask(call)
        except InputError as error:
            response.message = str(error)
            return response
        await async_wait.until_done(request.answer, self._node.wake)
        self._waiting.discard(request)
        try:
            response.points = request.answer.result()
            response.success = True
        except CancelledError:
            response.message = "the node was deactivated before it was answered"
        except Exception as error:
            response.message = describe_error(error)
        return response

    def _ask(self, call: PointQuery.Request) -> PointRequest:
        given = (each for each in (call.image, call.compressed_image) if len(each.data))
        image = next(given, None) or self._newest_image(call.camera)
        require_not_negative(image.header.stamp, "The image")
        request = PointRequest(call.query, image, call.max_points or None, call.min_score)
        self._waiting.add(request)
        try:
            self._insert(request)
        except InputError:
            self._waiting.discard(request)
            raise
        return request
