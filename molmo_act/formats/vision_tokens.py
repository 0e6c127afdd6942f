"""Spells out which prompt tokens stand for an image or a video.

A prompt holds one placeholder per image or video; here it becomes start and end marks around one token per
pooled window of patches. The same functions serve strings (to be tokenised with the text) and ids (for code
that tokenises the text itself): the ``VisionTokens`` given decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from molmo_act.errors import CheckpointError
from molmo_act.formats.protocols import Tokenizer

Token = TypeVar("Token", bound="str | int")

IMAGE_PLACEHOLDER = "<|image|>"
VIDEO_PLACEHOLDER = "<|video|>"


@dataclass(frozen=True)
class VisionTokens(Generic[Token]):
    """The tokens that stand for pixels, as strings or as ids."""

    image_start: Token
    image_end: Token
    image_patch: Token
    image_column: Token
    low_res_start: Token
    low_res_patch: Token
    frame_start: Token
    frame_end: Token

    def all(self) -> tuple[Token, ...]:
        """Every token here; exactly these have token type 1 and see one another in both directions.

        Returns:
            The tokens in the order of the fields.
        """
        return tuple(getattr(self, field.name) for field in fields(self))


VISION_TOKENS = VisionTokens[str](
    image_start="<im_start>",
    image_end="<im_end>",
    image_patch="<im_patch>",
    image_column="<im_col>",
    low_res_start="<low_res_im_start>",
    low_res_patch="<im_low>",
    frame_start="<frame_start>",
    frame_end="<frame_end>",
)


def vision_token_ids(tokenizer: Tokenizer) -> VisionTokens[int]:
    """Ids of the vision tokens in a tokenizer.

    Args:
        tokenizer: Of a checkpoint.

    Returns:
        The same tokens as ids.

    Raises:
        CheckpointError: The tokenizer lacks one of them.
    """
    vocabulary = tokenizer.get_vocab()
    missing = [token for token in VISION_TOKENS.all() if token not in vocabulary]
    if missing:
        raise CheckpointError(
            f"The tokenizer has no token {', '.join(missing)}; expected the tokenizer of a Molmo2 or "
            "MolmoPoint checkpoint, which lists them among its added tokens."
        )
    return VisionTokens[int](*(vocabulary[token] for token in VISION_TOKENS.all()))


@dataclass(frozen=True)
class VisionLayout:
    """How images and frames are spelled; the names are the keys of ``processor_config.json``.

    Attributes:
        image_use_col_tokens: A column token ends each row of the high-res canvas.
        use_single_crop_col_tokens: The same for the global crop; None means as for the canvas.
        use_single_crop_start_token: The global crop has its own start token.
        video_use_col_tokens: A column token ends each row of a frame.
        use_frame_special_tokens: Frames have their own start and end tokens.
        use_low_res_token_for_global_crops: The global crop has its own patch token, which no point can name.
            True for MolmoPoint, False for Molmo2.
    """

    image_use_col_tokens: bool = True
    use_single_crop_col_tokens: bool | None = False
    use_single_crop_start_token: bool = True
    video_use_col_tokens: bool = False
    use_frame_special_tokens: bool = True
    use_low_res_token_for_global_crops: bool = True


def image_prompt(
    grid: Sequence[int], tokens: VisionTokens[Token], layout: VisionLayout = VisionLayout()
) -> list[Token]:
    """Tokens of one image: global crop, then canvas.

    Args:
        grid: Token rows and columns of the global crop, then of the canvas, four numbers.
        tokens: What to spell with.
        layout: How to spell.

    Returns:
        The tokens in order.
    """
    low_rows, low_cols, rows, cols = (int(extent) for extent in grid)
    low_start = tokens.low_res_start if layout.use_single_crop_start_token else tokens.image_start
    low_patch = tokens.low_res_patch if layout.use_low_res_token_for_global_crops else tokens.image_patch
    low_columns = layout.use_single_crop_col_tokens
    low_column = layout.image_use_col_tokens if low_columns is None else low_columns
    overview = [low_start, *_rows(low_rows, low_cols, low_patch, tokens, low_column), tokens.image_end]
    canvas = _rows(rows, cols, tokens.image_patch, tokens, layout.image_use_col_tokens)
    return [*overview, tokens.image_start, *canvas, tokens.image_end]


def frame_prompt(
    rows: int, cols: int, tokens: VisionTokens[Token], layout: VisionLayout = VisionLayout()
) -> list[Token]:
    """Tokens of one video frame, without its timestamp.

    Args:
        rows: Rows of pooled windows.
        cols: Columns of pooled windows.
        tokens: What to spell with.
        layout: How to spell.

    Returns:
        The tokens in order.
    """
    special = layout.use_frame_special_tokens
    start, end = (tokens.frame_start, tokens.frame_end) if special else (tokens.image_start, tokens.image_end)
    return [start, *_rows(rows, cols, tokens.image_patch, tokens, layout.video_use_col_tokens), end]


def video_prompt(
    grid: Sequence[int], timestamps: Sequence[float], layout: VisionLayout = VisionLayout()
) -> str:
    """Text of one video: before each frame its time in seconds with one decimal.

    Args:
        grid: Frames, token rows and token columns.
        timestamps: Seconds, one per frame.
        layout: How to spell.

    Returns:
        The text, to be tokenized.
    """
    frame = "".join(frame_prompt(int(grid[1]), int(grid[2]), VISION_TOKENS, layout))
    return " ".join(f"{seconds:.1f} {frame}" for seconds in timestamps)


def _rows(rows: int, cols: int, patch: Token, tokens: VisionTokens[Token], column: bool) -> list[Token]:
    return ([patch] * cols + [tokens.image_column] * column) * rows
