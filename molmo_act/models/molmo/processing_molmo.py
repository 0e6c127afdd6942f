"""Messages and an image → everything ``MolmoForConditionalGeneration`` reads, and ids → text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase
from transformers.feature_extraction_utils import BatchFeature
from transformers.processing_utils import ProcessorMixin

from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.formats.vision_tokens import IMAGE_PLACEHOLDER, VISION_TOKENS, VisionLayout, VisionTokens
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.models.checkpoint_files import HUB_OPTIONS, load_tokenizer, need_file, read_json
from molmo_act.models.molmo.image_processing_molmo import MolmoImageProcessor
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from molmo_act.models.molmo_point.processor_settings import ProcessorSettings
from molmo_act.models.molmo_point.prompt_media import flat_videos
from molmo_act.models.molmo_point.tiling import ProcessedImage
from molmo_act.models.molmo_point.video_processing_molmo_point import ProcessedVideo

LAYOUT = VisionLayout(
    use_single_crop_col_tokens=True,
    use_single_crop_start_token=False,
    use_low_res_token_for_global_crops=False,
)
"""How Molmo 1 spells an image: overview and canvas alike."""
CHAT_TEMPLATE = """\
{%- for message in messages %}{% if message['content'] is not string %}\
{% for part in message['content'] if part['type'] == 'image' %}<|image|>{% endfor %}\
{% endif %}{% endfor %}\
{%- for message in messages %}\
{% if message['role'] != ('user' if loop.index0 % 2 == 0 else 'assistant') %}\
{{ raise_exception('roles must alternate, user first') }}{% endif %}\
{{ ' User: ' if message['role'] == 'user' else ' ' }}\
{% if message['content'] is string %}{{ message['content'] }}\
{% else %}{% for part in message['content'] if part['type'] == 'text' %}\
{{ part['style'] ~ ': ' if part['style'] is defined }}{{ part['text'] }}{% endfor %}\
{% endif %}\
{% if message['role'] == 'assistant' %}{{ eos_token }}\
{% elif add_generation_prompt or not loop.last %}{{ ' Assistant:' }}{% endif %}\
{% endfor %}"""
"""The prompt of the released processor, and further turns and styles as models were trained on them.

Templates of released tokenizers are not read: released code does not use them, and earlier ones are those of
the language model that Molmo was made of.
"""
_TOKENS = ("image_start", "image_end", "image_patch", "image_column")


class MolmoProcessor(MolmoPointProcessor):
    """Drop-in for the released processor of Molmo 1: a prompt shows one image, or none, before its text.

    Args:
        image_processor: Cuts images.
        tokenizer: Knows ``<im_start>``, ``<im_end>``, ``<im_patch>`` and ``<im_col>``; pads on the left.
        prompts: See ``MolmoPointProcessor``.

    Raises:
        CheckpointError: The tokenizer lacks one of these tokens or a padding token, or a template of
            ``prompts`` cannot be used.
    """

    image_processor_class = MolmoImageProcessor
    writes_template = False

    def __init__(
        self,
        image_processor: MolmoImageProcessor,
        tokenizer: PreTrainedTokenizerBase,
        *,
        prompts: Mapping[str, str] | None = None,
    ) -> None:
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=CHAT_TEMPLATE)
        self._prepare(tokenizer, prompts, LAYOUT)

    def __call__(self, *args: Any, videos: Any = None, **options: Any) -> BatchFeature:
        """Prompts with placeholders, and their images, as tensors.

        Args:
            args: See ``MolmoPointProcessor.__call__``: images, text.
            videos: None; Molmo 1 reads images.
            options: See ``MolmoPointProcessor.__call__``.

        Returns:
            ``input_ids`` and ``attention_mask`` int64 (prompts, length), ``image_token_mask`` bool, true for
            tokens that have the features of a window added; the arrays of the image processor; ``metadata``.

        Raises:
            InputError: A prompt shows more than one image, or a video; or as in ``MolmoPointProcessor``.
            ImageError: An image cannot be read as an image.
        """
        if len(args) > 2 or flat_videos(videos):
            raise InputError(
                "A video was given, but Molmo 1 reads one image in a prompt. Give its frames one by one."
            )
        return super().__call__(*args, **options)

    def cut_earlier(
        self,
        images: Sequence[ImageInput],
        earlier: Sequence[Sequence[ImageInput]],
        *,
        max_crops: int | None = None,
        device: torch.device | str | None = None,
    ) -> dict[str, torch.Tensor]:
        """Cuts the frames before each image of a batch, for a VideoMolmo.

        Args:
            images: The images that prompts show.
            earlier: For each of them the frames before it, at least one, of the same size.
            max_crops: As in calling the processor.
            device: Where to resize; the CPU if not given.

        Returns:
            ``earlier_pixel_values`` float32 (crops of all frames, n², p²·3) and ``earlier_num_frames`` int64
            (images,), beside what calling the processor gives.

        Raises:
            InputError: A frame is of another size than its image, or one has none before it.
            ImageError: A frame cannot be read as an image.
        """
        patches = []
        for image, frames in zip(images, earlier, strict=True):
            size = to_rgb(image).shape[:2]
            pixels = [to_rgb(frame) for frame in frames]
            if not frames or any(frame.shape[:2] != size for frame in pixels):
                raise InputError(
                    f"A frame of {size[1]}×{size[0]} pixels has frames of other sizes before it, or none; "
                    "expected those before it in the video, black ones where it begins."
                )
            cut = [self.image_processor.preprocess(one, max_crops=max_crops, device=device) for one in pixels]
            patches += [one.patches for one in cut]
        return {
            "earlier_pixel_values": torch.cat(patches),
            "earlier_num_frames": torch.tensor([len(frames) for frames in earlier]),
        }

    def encode_prompt(
        self, prompt: str, images: Sequence[ProcessedImage] = (), videos: Sequence[ProcessedVideo] = ()
    ) -> list[int]:
        """Turns a prompt, or its beginning, into ids.

        Args:
            prompt: Text, with a placeholder before it if there is an image.
            images: The image, cut; none for text alone.
            videos: None.

        Returns:
            Ids with the placeholder spelled out, and the BOS id in front.

        Raises:
            InputError: There is more than one image, or text before it.
        """
        if len(images) > 1:
            raise InputError(
                f"A prompt shows {len(images)} images, but Molmo 1 reads one in a prompt. Ask about them one "
                "by one."
            )
        if images and not prompt.startswith(IMAGE_PLACEHOLDER):
            raise InputError(f"A prompt has text before {IMAGE_PLACEHOLDER}; Molmo 1 reads its image first.")
        return super().encode_prompt(prompt, images)

    def _vision_ids(self, tokenizer: PreTrainedTokenizerBase) -> VisionTokens[int]:
        vocabulary = tokenizer.get_vocab()
        names = [getattr(VISION_TOKENS, name) for name in _TOKENS]
        missing = [name for name in names if name not in vocabulary]
        if missing:
            raise CheckpointError(
                f"The tokenizer has no token {', '.join(missing)}; expected the tokenizer of a Molmo "
                "checkpoint, which lists them among its added tokens."
            )
        start, end, patch, column = (int(vocabulary[name]) for name in names)
        return VisionTokens(start, end, patch, column, start, patch, start, end)

    def _token_kinds(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"image_token_mask": ids == self.vision_ids.image_patch}

    @property
    def media_processors(self) -> tuple[ProcessorSettings, ...]:
        """What cuts images."""
        return (self.image_processor,)

    @property
    def model_input_names(self) -> list[str]:
        """Names of all arrays the model may be given."""
        return ["input_ids", "attention_mask", "image_token_mask", *self.image_processor.model_input_names]

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str], **options: Any) -> MolmoProcessor:
        """Reads the processor files of a checkpoint in the released layout.

        Args:
            source: Folder or hub name.
            options: Where files come from (``HUB_OPTIONS``). Others that transformers hands around, such as
                ``trust_remote_code``, change nothing.

        Returns:
            The processor.

        Raises:
            CheckpointError: A file is missing (it is named), damaged, or of another kind of model.
        """
        hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
        settings = read_json(need_file(source, "processor_config.json", **hub))
        tokenizer = load_tokenizer(source, **hub)
        return cls(
            MolmoImageProcessor.from_pretrained(source, **hub), tokenizer, prompts=settings.get("prompts")
        )

    def to_dict(self) -> dict[str, object]:
        """Writes the settings in the released layout.

        Returns:
            The content of ``processor_config.json``; ``prompts`` only where they differ from the usual ones.
        """
        own = {"prompts": self.prompts.to_dict()} if self.prompts != PromptTemplates() else {}
        return {**own, "processor_class": type(self).__name__}
