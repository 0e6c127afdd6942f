"""Messages, images and videos → everything ``MolmoPointForConditionalGeneration`` reads, and ids → text.

Knows the prompt and the processor files; pixels are left to the image and video processors, and what the
generated tokens mean to whoever reads points.

``return_pointing_metadata=True`` adds ``metadata``, which is for reading points, not for the model: see
``prompt_media.pointing_metadata``. One conversation gives one such dict, a batch gives a list of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase
from transformers.feature_extraction_utils import BatchFeature
from transformers.processing_utils import ProcessorMixin

from molmo_act.errors import CheckpointError, InputError
from molmo_act.images import ImageInput
from molmo_act.modeling.checkpoint_files import HUB_OPTIONS, find_file, need_file, read_json, write_json
from molmo_act.modeling.image_processing import MolmoPointImageProcessor
from molmo_act.modeling.prompt_media import (
    checked_prompts,
    flat_images,
    flat_videos,
    pair_metadata,
    pointing_metadata,
    share_media,
)
from molmo_act.modeling.tiling import ProcessedImage
from molmo_act.modeling.tokenizer_files import load_tokenizer, save_tokenizer
from molmo_act.modeling.video_processing import MolmoPointVideoProcessor, ProcessedVideo
from molmo_act.modeling.video_sampling import VideoInput, stack_frames
from molmo_act.modeling.vision_tokens import (
    IMAGE_PLACEHOLDER,
    VIDEO_PLACEHOLDER,
    VISION_TOKENS,
    VisionLayout,
    image_prompt,
    video_prompt,
    vision_token_ids,
)

_IMAGE_OPTIONS = ("max_crops",)
_VIDEO_OPTIONS = ("num_frames", "max_fps", "do_sample_frames", "start", "end")
_CALL_OPTIONS = ("padding", "return_pointing_metadata", "device", *_IMAGE_OPTIONS, *_VIDEO_OPTIONS)
_UNSAID = {"use_single_crop_col_tokens": None, "use_low_res_token_for_global_crops": False}
"""What a ``processor_config.json`` without these keys means: they are the files of Molmo2."""
_VIDEO_FACTS = ("fps", "timestamps", "frames_indices", "width", "height")
"""What a video in a message may say of itself beside its frames."""


class MolmoPointProcessor(ProcessorMixin):
    """Drop-in for the released processor of MolmoPoint and Molmo2 models, without torchvision or remote code.

    Args:
        image_processor: Cuts images.
        video_processor: Samples and cuts videos.
        tokenizer: Knows the tokens of ``VISION_TOKENS``; pads on the left.
        chat_template: Jinja template that turns messages into a prompt.
        image_use_col_tokens, use_single_crop_col_tokens, use_single_crop_start_token, video_use_col_tokens,
            use_frame_special_tokens, use_low_res_token_for_global_crops: See ``VisionLayout``.

    Raises:
        CheckpointError: The tokenizer lacks a vision token or a padding token.
    """

    def __init__(
        self,
        image_processor: MolmoPointImageProcessor,
        video_processor: MolmoPointVideoProcessor,
        tokenizer: PreTrainedTokenizerBase,
        chat_template: str | None = None,
        image_use_col_tokens: bool = True,
        use_single_crop_col_tokens: bool | None = False,
        use_single_crop_start_token: bool = True,
        video_use_col_tokens: bool = False,
        use_frame_special_tokens: bool = True,
        use_low_res_token_for_global_crops: bool = True,
    ) -> None:
        super().__init__(image_processor, video_processor, tokenizer, chat_template=chat_template)
        self.layout = VisionLayout(
            image_use_col_tokens=image_use_col_tokens,
            use_single_crop_col_tokens=use_single_crop_col_tokens,
            use_single_crop_start_token=use_single_crop_start_token,
            video_use_col_tokens=video_use_col_tokens,
            use_frame_special_tokens=use_frame_special_tokens,
            use_low_res_token_for_global_crops=use_low_res_token_for_global_crops,
        )
        if tokenizer.pad_token_id is None or tokenizer.eos_token_id is None:
            raise CheckpointError("The tokenizer has no pad_token or no eos_token; expected both to be set.")
        tokenizer.padding_side = "left"
        self.vision_ids = vision_token_ids(tokenizer)
        self.bos_id = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id

    def __call__(
        self,
        images: ImageInput | Sequence[Any] | None = None,
        text: str | Sequence[str] | None = None,
        videos: VideoInput | Sequence[Any] | None = None,
        *,
        video_metadata: Any = None,
        padding: bool | str = True,
        return_tensors: str | None = "pt",
        return_pointing_metadata: bool = False,
        device: torch.device | str | None = None,
        **options: Any,
    ) -> BatchFeature:
        """Prompts with placeholders, and their images or videos, as tensors.

        Args:
            images: One image, or a list in the order of the placeholders, or a list of such lists.
            text: One prompt or several.
            videos: One video, or a list, or a list of such lists. At most one for each prompt.
            video_metadata: For each video what ``MolmoPointVideoProcessor.sample`` takes, or None.
            padding: True or "longest": prompts are padded on the left to the longest. False or "do_not_pad"
                refuses prompts of unequal length.
            return_tensors: "pt" for torch, "np" for numpy.
            return_pointing_metadata: Add ``metadata``: a dict, or for a list of prompts a list of dicts.
            device: Where images are resized and ``pixel_values`` lie; the rest is on the CPU.
            options: ``max_crops`` for images; ``num_frames``, ``max_fps``, ``do_sample_frames``, ``start``
                and ``end`` for videos.

        Returns:
            ``input_ids`` and ``attention_mask`` int64 (prompts, length), ``token_type_ids`` bool, true for
            tokens that stand for pixels; the arrays of the image and video processors; ``metadata``.

        Raises:
            InputError: Placeholders and images do not match, images and a video share a prompt, or an option
                is unknown.
            ImageError: An image cannot be read as a picture.
        """
        image_options, video_options = _sort_options(options)
        if padding not in (True, False, "longest", "do_not_pad"):
            raise InputError(f"padding is {padding!r}; expected True, 'longest', False or 'do_not_pad'.")
        if return_tensors not in (None, "pt", "np"):
            raise InputError(f"return_tensors is {return_tensors!r}; expected 'pt' or 'np'.")
        prompts = checked_prompts(text)
        stills = [
            self.image_processor.preprocess(image, device=device, **image_options)
            for image in flat_images(images)
        ]
        clips = [
            self.video_processor.preprocess(self.video_processor.sample(clip, fact, **video_options), device)
            for clip, fact in pair_metadata(flat_videos(videos), video_metadata)
        ]
        stills_of, clips_of = share_media(prompts, stills, clips)
        rows = [self._ids(*parts) for parts in zip(prompts, stills_of, clips_of, strict=True)]
        data: dict[str, Any] = self._pad(rows, padding in (True, "longest"))
        if stills:
            data |= self.image_processor.collate(stills)
        if clips:
            data |= self.video_processor.collate(clips)
        features = BatchFeature(data, tensor_type=return_tensors)
        if return_pointing_metadata:
            metadata = [pointing_metadata(*parts) for parts in zip(stills_of, clips_of, strict=True)]
            features["metadata"] = metadata[0] if isinstance(text, str) else metadata
        return features

    def apply_chat_template(  # type: ignore[override]
        self,
        conversation: Any,
        chat_template: str | None = None,
        *,
        tokenize: bool = False,
        return_dict: bool = False,
        return_tensors: str | None = "pt",
        **options: Any,
    ) -> Any:
        """Messages → prompt, or with ``tokenize=True, return_dict=True`` everything the model reads.

        Args:
            conversation: A list of messages ``{"role", "content"}``, or a batch of such lists. Content is
                text or a list of parts: ``{"type": "text", "text"}``; ``{"type": "image", "image"}``;
                ``{"type": "video", "video"}`` and beside it ``fps`` or ``timestamps`` (see
                ``MolmoPointVideoProcessor.sample``).
            chat_template: Overrides the checkpoint's.
            tokenize: Call the processor on the prompt and what the messages show.
            return_dict: With `tokenize`: all arrays, not only ``input_ids``.
            return_tensors: With `tokenize`: "pt" for torch, "np" for numpy.
            options: Those of transformers' ``apply_chat_template`` and those of calling the processor.

        Raises:
            InputError: There is no message, or as in calling the processor.
        """
        if not isinstance(conversation, (list, tuple)) or not conversation or conversation[0] in ([], ()):
            raise InputError("The conversation holds no message; expected at least one of role 'user'.")
        messages: list[Any] = list(conversation)
        given = {**(options.pop("processor_kwargs", None) or {})}
        given |= {name: options.pop(name) for name in _CALL_OPTIONS if name in options}
        prompt = super().apply_chat_template(messages, chat_template, tokenize=False, **options)
        if not tokenize:
            return prompt
        batch = messages if isinstance(messages[0], (list, tuple)) else [messages]
        features = self(text=prompt, return_tensors=return_tensors, **_media(batch), **given)
        return features if return_dict else features["input_ids"]

    def _ids(
        self, prompt: str, stills: Sequence[ProcessedImage], clips: Sequence[ProcessedVideo]
    ) -> list[int]:
        """Token ids of one prompt whose placeholders are spelled out, with the BOS id in front."""
        for still in stills:
            spelled = "".join(image_prompt(still.grid.tolist(), VISION_TOKENS, self.layout))
            prompt = prompt.replace(IMAGE_PLACEHOLDER, spelled, 1)
        for clip in clips:
            spelled = video_prompt(clip.grid.tolist(), clip.timestamps, self.layout)
            prompt = prompt.replace(VIDEO_PLACEHOLDER, spelled, 1)
        ids = self.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        return ids if ids[:1] == [self.bos_id] else [self.bos_id, *ids]

    def _pad(self, rows: Sequence[Sequence[int]], padding: bool) -> dict[str, torch.Tensor]:
        """Left-padded ids, their mask, and which of them stand for pixels."""
        length = max(len(row) for row in rows)
        if not padding and any(len(row) != length for row in rows):
            raise InputError("The prompts have different lengths; expected padding=True.")
        ids = torch.full((len(rows), length), self.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, length - len(row) :] = torch.tensor(row)
            mask[index, length - len(row) :] = 1
        vision = torch.tensor(self.vision_ids.all())
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.isin(ids, vision)}

    @property
    def model_input_names(self) -> list[str]:
        """Names of all arrays the model may be given."""
        text = ["input_ids", "attention_mask", "token_type_ids"]
        return [*text, *self.image_processor.model_input_names, *self.video_processor.model_input_names]

    def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> type:
        """Refuse parts in the wrong order; transformers' own check would load its torchvision classes."""
        proper: dict[str, type] = {
            "image_processor": MolmoPointImageProcessor,
            "video_processor": MolmoPointVideoProcessor,
            "tokenizer": PreTrainedTokenizerBase,
        }
        expected = proper[argument_name]
        if not isinstance(argument, expected):
            raise TypeError(
                f"{argument_name} is a {type(argument).__name__}; expected a {expected.__name__}."
            )
        return expected

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls, source: str | os.PathLike[str], **options: Any
    ) -> MolmoPointProcessor:
        """Read the processor files of a checkpoint, in the released layout or in that of transformers 5.

        Args:
            source: Folder or hub name.
            options: Where files come from (``HUB_OPTIONS``). Others that transformers hands around, such as
                ``padding_side`` or ``trust_remote_code``, change nothing.

        Raises:
            CheckpointError: A file is missing (it is named), damaged, or of another kind of model.
        """
        hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
        settings = read_json(need_file(source, "processor_config.json", **hub))
        template = find_file(source, "chat_template.jinja", **hub)
        tokenizer = load_tokenizer(source, **hub)
        layout = {name: settings[name] for name in VisionLayout.__dataclass_fields__ if name in settings}
        return cls(
            MolmoPointImageProcessor.from_pretrained(source, **hub),
            MolmoPointVideoProcessor.from_pretrained(source, **hub),
            tokenizer,
            chat_template=tokenizer.chat_template
            if template is None
            else template.read_text(encoding="utf-8"),
            **{**_UNSAID, **layout},
        )

    def to_dict(self) -> dict[str, Any]:
        """The content of ``processor_config.json`` in the released layout, with this class's name."""
        return {**vars(self.layout), "processor_class": type(self).__name__}

    def save_pretrained(  # type: ignore[override]
        self, folder: str | os.PathLike[str], push_to_hub: bool = False, **_: Any
    ) -> list[str]:
        """Write all processor and tokenizer files in the released layout.

        Args:
            folder: Created if it does not exist.
            push_to_hub: False; `push_to_hub` of the processor does it.

        Returns:
            Paths of the files written.

        Raises:
            InputError: It was asked to push to the hub, too.
        """
        if push_to_hub:
            raise InputError("save_pretrained writes files only; call processor.push_to_hub(name) instead.")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "processor_config.json", self.to_dict())
        written = [str(folder / "processor_config.json")]
        written += self.image_processor.save_pretrained(folder)
        written += self.video_processor.save_pretrained(folder)
        written += save_tokenizer(self.tokenizer, folder)
        if isinstance(self.chat_template, str):
            (folder / "chat_template.jinja").write_text(self.chat_template, encoding="utf-8")
            written.append(str(folder / "chat_template.jinja"))
        return sorted(set(written))


def _sort_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of calling the processor, for images and for videos; refuses any that nobody reads."""
    known = {*_IMAGE_OPTIONS, *_VIDEO_OPTIONS}
    unknown = [name for name in options if name not in known]
    if unknown:
        raise InputError(f"Unknown option {', '.join(unknown)}; expected some of {', '.join(sorted(known))}.")
    images = {name: options[name] for name in _IMAGE_OPTIONS if name in options}
    return images, {name: options[name] for name in _VIDEO_OPTIONS if name in options}


def _media(conversations: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Images and videos of each conversation, and what is known of the videos, as arguments of the call."""
    parts = [
        [part for message in messages for part in message["content"] if isinstance(part, Mapping)]
        for messages in conversations
    ]
    images = [[_payload(part, "image") for part in row if part["type"] == "image"] for row in parts]
    clips = [[part for part in row if part["type"] == "video"] for row in parts]
    videos = [[_payload(part, "video") for part in row] for row in clips]
    facts = [[{name: part.get(name) for name in _VIDEO_FACTS} for part in row] for row in clips]
    media: dict[str, Any] = {"images": images} if any(images) else {}
    return media | {"videos": videos, "video_metadata": facts} if any(videos) else media


def _payload(part: Mapping[str, Any], kind: str) -> Any:
    """What a message part shows, a list of frames stacked."""
    for key in (kind, "path", "url"):
        if part.get(key) is not None:
            return stack_frames(part[key]) if isinstance(part[key], (list, tuple)) else part[key]
    raise InputError(f"A message part of type {kind!r} has no {kind!r}; expected it beside the type.")
