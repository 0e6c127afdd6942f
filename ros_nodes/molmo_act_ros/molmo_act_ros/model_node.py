"""Base class of the nodes with a model: loading it, queries, overlays, and cameras with two topics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecyclePublisher, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import Header, String

from molmo_act.errors import QueryError
from molmo_act.request import check_query
from molmo_act_ros import qos
from molmo_act_ros.conversions.compressed_images import rgb_to_jpeg
from molmo_act_ros.conversions.images import MAX_BITS, rgb_to_image, to_rgb
from molmo_act_ros.lifecycle_node import ManagedNode
from molmo_act_ros.model import LoadModel
from molmo_act_ros.parameters import ModelSetup

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage
    from sensor_msgs.msg import CompressedImage, Image

    from molmo_act import PointingModel

_TRANSPORTS = ("compressed",)

#: What a node says while it has nothing to look for.
WAITING_FOR_QUERY = "Waiting for a query: set parameter 'query', or publish on the topic of queries."


class ModelNode(ManagedNode):
    """A managed node with a model, the parameters ``query`` and ``queries``, and the topic ``query``.

    Args:
        load_model: Gives the model that the parameters ask for.
        name, task: See `ManagedNode`.

    Attributes:
        model: The model, from configure to cleanup.
    """

    def __init__(self, load_model: LoadModel, name: str, task: str) -> None:
        super().__init__(name, task)
        self._load_model = load_model
        self.model: PointingModel | None = None
        self._sensor_bits = MAX_BITS

    def load(self, setup: ModelSetup) -> None:
        """Loads the model, and names it on /diagnostics.

        Args:
            setup: Which one.

        Raises:
            InputError: The model cannot be asked with that prompt.
        """
        self.model, self._sensor_bits = self._load_model(setup.options), setup.sensor_bits
        if runtime := getattr(self.model, "runtime", None):  # a model of one's own may only point
            runtime.check_questions((), setup.prompt or None)
        self.diagnostics.about = {"model": str(self.model.name)} | setup.told

    def to_rgb(self, message: Image | CompressedImage) -> np.ndarray:
        """Decodes an image of a camera, see `molmo_act_ros.conversions.images.to_rgb`.

        Args:
            message: The image.

        Returns:
            uint8 RGB (height, width, 3).

        Raises:
            ImageError: The message is not an image that can be read.
        """
        return to_rgb(message, self._sensor_bits)

    def check_queries(self, queries: Sequence[str]) -> None:
        """Refuses queries that the loaded model cannot read: it knows its control tokens.

        Args:
            queries: What to find, in words.

        Raises:
            QueryError: One cannot be read.
        """
        check = getattr(self.model, "check_query", check_query)  # a model of one's own may only point
        for query in queries:
            check(query)

    def check_new_queries(
        self, result: SetParametersResult, changes: Sequence[Parameter]
    ) -> SetParametersResult:
        """Refuses new parameters whose queries the loaded model cannot read.

        Args:
            result: Whether they are acceptable otherwise.
            changes: The new values.

        Returns:
            The result, or a refusal with its reason.
        """
        given = {each.name: each.value for each in changes}
        try:
            texts = [given.get("query", ""), *given.get("queries", ())]
            self.check_queries([text.strip() for text in texts if text.strip()])
        except QueryError as error:
            if result.successful:
                return SetParametersResult(successful=False, reason=str(error))
        return result

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Frees the model and what the base class cleans up."""
        self.model = None
        return super().on_cleanup(state)

    def subscribe_to_queries(self, topic: str) -> None:
        """Subscribes to new queries until the node is deactivated.

        Args:
            topic: Name before remapping.
        """
        self.subscribe(String, topic, self._take_query, qos.QUERIES)

    def set_queries(self, queries: Sequence[str]) -> SetParametersResult:
        """Replaces all queries by these, unless they are refused.

        Args:
            queries: What to find, in words.

        Returns:
            Whether they were accepted, and the reason if not.
        """
        first, *others = queries or [""]
        return self.set_parameters_atomically(
            [Parameter("query", value=first), Parameter("queries", value=others or [""])]
        )

    def log_queries(self, queries: Sequence[str]) -> None:
        """Logs what the node looks for, or how to give it a query.

        Args:
            queries: The queries; none while the node waits for one.
        """
        if queries:
            self.get_logger().info(f"Looking for {', '.join(map(repr, queries))}.")
        else:
            self.get_logger().info(WAITING_FOR_QUERY)

    def beside(self, topic: str) -> str:
        """Names a topic that goes where the one before its slash is remapped to, as image transports do.

        Args:
            topic: Name before remapping, such as "overlay/compressed".

        Returns:
            The name to advertise; that of any other topic as it is.
        """
        before, slash, last = topic.rpartition("/")
        return f"{self.resolve_topic_name(before)}/{last}" if slash and last in _TRANSPORTS else topic

    def publish_overlays(
        self,
        topics: tuple[LifecyclePublisher, LifecyclePublisher],
        header: Header,
        draw: Callable[[], PillowImage],
    ) -> None:
        """Draws an image once and publishes it on those of two topics that have a subscriber.

        Args:
            topics: The raw and the compressed one.
            header: Of the image.
            draw: Draws it.
        """
        raw, compressed = topics
        heard = [self.is_wanted(topic) for topic in topics]
        if not any(heard):
            return
        drawn = np.asarray(draw())
        if heard[0]:
            raw.publish(rgb_to_image(drawn, header))
        if heard[1]:
            compressed.publish(rgb_to_jpeg(drawn, header))

    def log_twin(self, topic: str) -> None:
        """Warns that an image was left out, since the camera's other topic brings the images.

        Args:
            topic: Where it came, before remapping.
        """
        self.diagnostics.count("frames of a second topic")
        self.log_warning(
            f"twin {topic}",
            f"Images come on two topics of one camera; those on '{self.resolve_topic_name(topic)}' are "
            "left out. Remap one of 'image' and 'image/compressed' to a topic that does not exist.",
        )

    def wake(self) -> None:
        """Has the executor resume coroutines that wait in `molmo_act_ros.async_wait`."""
        if self.executor is not None:
            self.executor.wake()

    def _take_query(self, message: String) -> None:
        result = self.set_queries([message.data])
        if not result.successful:
            self.log_warning("query", f"Query from topic refused: {result.reason}")
