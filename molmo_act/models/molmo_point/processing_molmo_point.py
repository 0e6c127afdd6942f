"""Messages, images and videos → everything ``MolmoPointForConditionalGeneration`` reads, and ids → text.

Prompts are built here, for inference and for training: by the checkpoint's chat template, and by
``encode_prompt``, ``encode_question`` and ``encode_text``, which turn what the template gave into ids.

``return_pointing_metadata=True`` adds ``metadata``, which is for reading points, not for the model: see
``prompt_media.pointing_metadata``. One conversation gives one such dict, a batch gives a list of them.
"""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from transformers import PreTrainedTokenizerBase
from transformers.feature_extraction_utils import BatchFeature
from transformers.processing_utils import ProcessorMixin

from molmo_act.errors import CheckpointError, InputError, MolmoActError, PlatformError
from molmo_act.formats.grounding_tokens import GroundedText, encode_grounded_text
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.formats.vision_tokens import (
    IMAGE_PLACEHOLDER,
    VIDEO_PLACEHOLDER,
    VISION_TOKENS,
    VisionLayout,
    VisionTokens,
    image_prompt,
    video_prompt,
    vision_token_ids,
)
from molmo_act.io.image import ImageInput
from molmo_act.models.checkpoint_files import (
    HUB_OPTIONS,
    find_file,
    load_tokenizer,
    need_file,
    read_json,
    read_text,
    save_tokenizer,
    write_json,
)
from molmo_act.models.molmo_point.call_options import (
    CALL_OPTIONS,
    OPTION_GROUPS,
    TOKENIZER_OPTIONS,
    checked_device,
    checked_group,
    sort_options,
)
from molmo_act.models.molmo_point.frame_sampling import VideoInput
from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
from molmo_act.models.molmo_point.messages import checked_conversations, explain_template_error
from molmo_act.models.molmo_point.processor_settings import ProcessorSettings
from molmo_act.models.molmo_point.prompt_media import (
    checked_prompts,
    flat_images,
    flat_videos,
    media_of_messages,
    pair_metadata,
    pointing_metadata,
    share_media,
)
from molmo_act.models.molmo_point.template_limit import limited_time
from molmo_act.models.molmo_point.tiling import ProcessedImage
from molmo_act.models.molmo_point.video_processing_molmo_point import MolmoPointVideoProcessor, ProcessedVideo

_UNSAID = {"use_single_crop_col_tokens": None, "use_low_res_token_for_global_crops": False}
"""What a ``processor_config.json`` without these keys means: they are the files of Molmo2."""


class MolmoPointProcessor(ProcessorMixin):
    """Drop-in for the released processor of MolmoPoint and Molmo2 models, without torchvision or remote code.

    Args:
        image_processor: Cuts images.
        video_processor: Samples and cuts videos.
        tokenizer: Knows the tokens of ``VISION_TOKENS``; pads on the left.
        chat_template: Jinja template that turns messages into a prompt.
        prompts: What the checkpoint is asked, where it differs from released models: templates by name, see
            ``PromptTemplates``.
        layout: Fields of ``VisionLayout``, such as ``video_use_col_tokens``.

    Raises:
        CheckpointError: The tokenizer lacks a vision token or a padding token, or a template of ``prompts``
            cannot be used.
    """

    image_processor_class: ClassVar[type[MolmoPointImageProcessor]] = MolmoPointImageProcessor
    writes_template: ClassVar[bool] = True
    """Whether the chat template is a file of the checkpoint."""

    def __init__(
        self,
        image_processor: MolmoPointImageProcessor,
        video_processor: MolmoPointVideoProcessor,
        tokenizer: PreTrainedTokenizerBase,
        chat_template: str | None = None,
        *,
        prompts: Mapping[str, str] | None = None,
        **layout: Any,
    ) -> None:
        super().__init__(image_processor, video_processor, tokenizer, chat_template=chat_template)
        self._prepare(tokenizer, prompts, VisionLayout(**layout))

    def _prepare(
        self,
        tokenizer: PreTrainedTokenizerBase,
        prompts: Mapping[str, str] | None,
        layout: VisionLayout,
    ) -> None:
        """Checks the tokenizer and the prompts, and looks up what every call needs."""
        self.layout, self.prompts = layout, PromptTemplates.of(prompts)
        if tokenizer.pad_token_id is None or tokenizer.eos_token_id is None:
            raise CheckpointError("The tokenizer has no pad_token or no eos_token; expected both to be set.")
        tokenizer.padding_side = "left"
        self.vision_ids = self._vision_ids(tokenizer)
        self._turn: tuple[Any, tuple[str, str]] = (None, ("", ""))
        self.bos_id = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id

    def _vision_ids(self, tokenizer: PreTrainedTokenizerBase) -> VisionTokens[int]:
        return vision_token_ids(tokenizer)

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
                and ``end`` for videos. All may come in groups as well, as in transformers: ``images_kwargs``,
                ``videos_kwargs``, ``text_kwargs`` and ``common_kwargs``.

        Returns:
            ``input_ids`` and ``attention_mask`` int64 (prompts, length), ``token_type_ids`` bool, true for
            tokens that stand for pixels; the arrays of the image and video processors; ``metadata``.

        Raises:
            InputError: Placeholders and images do not match, images and a video share a prompt, or an option
                is unknown.
            ImageError: An image cannot be read as an image.
        """
        groups = [checked_group(name, options.pop(name)) for name in OPTION_GROUPS if name in options]
        if groups:
            named = {"video_metadata": video_metadata, "padding": padding, "return_tensors": return_tensors}
            named |= {"return_pointing_metadata": return_pointing_metadata, "device": device}
            return self(images, text, videos, **{**named, **options, **ChainMap(*groups)})
        image_options, video_options = sort_options(options)
        if padding not in (True, False, "longest", "do_not_pad"):
            raise InputError(f"padding is {padding!r}; expected True, 'longest', False or 'do_not_pad'.")
        if return_tensors not in (None, "pt", "np"):
            raise InputError(f"return_tensors is {return_tensors!r}; expected 'pt' or 'np'.")
        prompts, device = checked_prompts(text), checked_device(device)
        cut_images = [
            self.image_processor.preprocess(image, device=device, **image_options)
            for image in flat_images(images)
        ]
        cut_videos = [
            self.video_processor.preprocess(self.video_processor.sample(video, fact, **video_options), device)
            for video, fact in pair_metadata(flat_videos(videos), video_metadata)
        ]
        images_of, videos_of = share_media(prompts, cut_images, cut_videos)
        rows = [self.encode_prompt(*parts) for parts in zip(prompts, images_of, videos_of, strict=True)]
        data: dict[str, Any] = self._pad(rows, padding in (True, "longest"))
        if cut_images:
            data |= self.image_processor.collate(cut_images)
        if cut_videos:
            data |= self.video_processor.collate(cut_videos)
        features = BatchFeature(data, tensor_type=return_tensors)
        if return_pointing_metadata:
            metadata = [pointing_metadata(*parts) for parts in zip(images_of, videos_of, strict=True)]
            features["metadata"] = metadata[0] if isinstance(text, str) else metadata
        return features

    def apply_chat_template(
        self,
        conversation: Sequence[Any],
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
            options: Those of transformers' ``apply_chat_template`` and those of calling the processor, these
                by name or together as ``processor_kwargs``. ``video_metadata`` goes before what the messages
                say of their videos; ``images`` and ``videos`` stand for those of all messages.

        Returns:
            A prompt (of a batch, a list of them); with `tokenize` its ``input_ids``, or all arrays.

        Raises:
            InputError: There is no message, one has a role or a part that cannot be used, or as in calling
                the processor.
        """
        batch = checked_conversations(conversation)
        given = checked_group("processor_kwargs", options.pop("processor_kwargs", None))
        given |= {name: options.pop(name) for name in CALL_OPTIONS if name in options}
        given = {name: value for name, value in given.items() if value or name not in TOKENIZER_OPTIONS}
        if "text" in given:
            raise InputError("processor_kwargs hold 'text', but the messages are the text; leave it out.")
        messages: Any = batch if isinstance(conversation[0], (list, tuple)) else batch[0]
        try:
            with limited_time():
                prompt = super().apply_chat_template(messages, chat_template, tokenize=False, **options)
        except (ImportError, MolmoActError):
            raise
        except Exception as exc:  # a template may fail in any way that a program may
            raise explain_template_error(batch, exc) from exc
        if not tokenize:
            return prompt
        given = {"return_tensors": return_tensors, **given}
        features = self(text=prompt, **media_of_messages(batch, given))
        return features if return_dict else features["input_ids"]

    def encode_prompt(
        self, prompt: str, images: Sequence[ProcessedImage] = (), videos: Sequence[ProcessedVideo] = ()
    ) -> list[int]:
        """Turns a prompt, or its beginning, into ids.

        Args:
            prompt: Text with a placeholder for every image and video.
            images: The images, cut, in the order of their placeholders.
            videos: The videos, cut, in the order of their placeholders.

        Returns:
            Ids with the placeholders spelled out, and the BOS id in front.
        """
        for image in images:
            spelled = "".join(image_prompt(image.grid.tolist(), VISION_TOKENS, self.layout))
            prompt = prompt.replace(IMAGE_PLACEHOLDER, spelled, 1)
        for video in videos:
            spelled = video_prompt(video.grid.tolist(), video.timestamps, self.layout)
            prompt = prompt.replace(VIDEO_PLACEHOLDER, spelled, 1)
        ids = self.encode_text([prompt])
        return ids if ids[:1] == [self.bos_id] else [self.bos_id, *ids]

    def encode_question(self, question: GroundedText) -> list[int]:
        """Turns a question into the ids of the user's turn, up to where the answer begins.

        A prompt shows its images and videos before it asks, so these ids are what follows them.

        Args:
            question: Words, and grounding ids among them where the question points.

        Returns:
            Ids of the turn, as the chat template frames it.
        """
        if self._turn[0] != self.chat_template:  # rendering takes longer than all the rest
            self._turn = (self.chat_template, self._render_turn())
        before, after = self._turn[1]
        return self.encode_text([before, *question, after])

    def _render_turn(self) -> tuple[str, str]:
        """What the chat template writes before and behind the words of a question."""
        mark = "\0"
        turn = self.apply_chat_template([{"role": "user", "content": mark}], add_generation_prompt=True)
        before, _, after = turn.partition(mark)
        return before, after

    def encode_text(self, text: GroundedText) -> list[int]:
        """Turns words with grounding ids among them into ids.

        Args:
            text: Words and ids, such as the beginning of an answer.

        Returns:
            The ids, without BOS or EOS.
        """
        encode = self.tokenizer.backend_tokenizer.encode
        return encode_grounded_text(text, lambda words: encode(words, add_special_tokens=False).ids)

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
        return {"input_ids": ids, "attention_mask": mask, **self._token_kinds(ids)}

    def _token_kinds(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the model has to know of single tokens: here which of them stand for pixels."""
        return {"token_type_ids": torch.isin(ids, torch.tensor(self.vision_ids.all()))}

    @property
    def media_processors(self) -> tuple[ProcessorSettings, ...]:
        """What cuts images and videos."""
        return self.image_processor, self.video_processor

    @property
    def model_input_names(self) -> list[str]:
        """Names of all arrays the model may be given."""
        text = ["input_ids", "attention_mask", "token_type_ids"]
        return [*text, *(name for part in self.media_processors for name in part.model_input_names)]

    def check_argument_for_proper_class(self, argument_name: str, argument: object) -> type:
        """Refuses parts in the wrong order; transformers' own check would load its torchvision classes.

        Args:
            argument_name: "image_processor", "video_processor" or "tokenizer".
            argument: What was given for it.

        Returns:
            The class that was expected.

        Raises:
            TypeError: It is of another class.
        """
        proper: dict[str, type] = {
            "image_processor": self.image_processor_class,
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
    def from_pretrained(cls, source: str | os.PathLike[str], **options: Any) -> MolmoPointProcessor:
        """Read the processor files of a checkpoint, in the released layout or in that of transformers 5.

        Args:
            source: Folder or hub name.
            options: Where files come from (``HUB_OPTIONS``). Others that transformers hands around, such as
                ``padding_side`` or ``trust_remote_code``, change nothing.

        Returns:
            The processor.

        Raises:
            CheckpointError: A file is missing (it is named), damaged, or of another kind of model.
        """
        hub = {key: options[key] for key in HUB_OPTIONS if options.get(key) is not None}
        settings = read_json(need_file(source, "processor_config.json", **hub))
        found = find_file(source, "chat_template.jinja", **hub)
        template = None if found is None else read_text(found)
        tokenizer = load_tokenizer(source, **hub)
        layout = {name: settings[name] for name in VisionLayout.__dataclass_fields__ if name in settings}
        processor = cls(
            MolmoPointImageProcessor.from_pretrained(source, **hub),
            MolmoPointVideoProcessor.from_pretrained(source, **hub),
            tokenizer,
            chat_template=tokenizer.chat_template if template is None else template,
            prompts=settings.get("prompts"),
            **{**_UNSAID, **layout},
        )
        _check_template(source, processor)
        return processor

    def to_dict(self) -> dict[str, object]:
        """Writes the settings in the released layout.

        Returns:
            The content of ``processor_config.json``, with this class's name; ``prompts`` only where they
            differ from those of released models, whose files lack the key.
        """
        own = {"prompts": self.prompts.to_dict()} if self.prompts.to_dict() else {}
        return {**vars(self.layout), **own, "processor_class": type(self).__name__}

    def save_pretrained(
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
        for part in self.media_processors:
            written += part.save_pretrained(folder)
        written += save_tokenizer(self.tokenizer, folder)
        if self.writes_template and isinstance(self.chat_template, str):
            (folder / "chat_template.jinja").write_text(self.chat_template, encoding="utf-8")
            written.append(str(folder / "chat_template.jinja"))
        return sorted(set(written))


def _check_template(source: str | os.PathLike[str], processor: MolmoPointProcessor) -> None:
    """Writes one question, so that a template that is missing or damaged is refused before any is asked."""
    if not processor.chat_template:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} has no chat template; expected a file "
            "chat_template.jinja. Copy that of the released checkpoint there."
        )
    question = [{"role": "user", "content": [{"type": "text", "text": "Point to the red mug."}]}]
    try:
        written = processor.apply_chat_template(question, tokenize=False, add_generation_prompt=True)
    except ImportError as exc:  # transformers needs a newer jinja2
        raise PlatformError(" ".join(str(exc).split())) from exc
    except InputError as exc:
        reason = " ".join(str(exc.__cause__ or exc).split())
        raise CheckpointError(
            f"The chat template of {os.fspath(source)!r} cannot be used ({reason}). "
            "Fetch chat_template.jinja again."
        ) from exc
    if "the red mug" not in written:
        raise CheckpointError(
            f"The chat template of {os.fspath(source)!r} leaves out the question. "
            "Fetch chat_template.jinja again."
        )
