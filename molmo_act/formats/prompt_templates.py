"""What a checkpoint is asked, as data: templates in which the query takes the place of ``{}``.

Templates belong to a checkpoint and are saved with its processor, so that training and inference ask alike.
Released files say nothing of them; then they are what released models were trained and evaluated with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from molmo_act.errors import CheckpointError, InputError

SLOT = "{}"
"""What the query takes the place of."""
RAW = "raw"
"""Name of the template that is the query itself."""


@dataclass(frozen=True)
class PromptTemplates:
    """The templates of a checkpoint.

    Attributes:
        point: Asks for points at what the query names: "the red mug".
        track: Asks for tracks of what the query names through a video.
        gui: Asks for the place on a screen of what the query wants done or names: "save the document".
        default: Which of them pointing takes unless a caller says otherwise: "point", "gui" or "raw".

    Raises:
        CheckpointError: A template has not exactly one ``{}``, or the default is unknown.
    """

    point: str = "Point to {}"
    track: str = "Track {}"
    gui: str = "Click {}"
    default: str = "point"

    def __post_init__(self) -> None:
        for name in ("point", "track", "gui"):
            template = getattr(self, name)
            if not isinstance(template, str) or template.count(SLOT) != 1:
                raise CheckpointError(
                    f"processor_config.json: prompts[{name!r}] is {template!r}; expected text with one {{}}, "
                    "which the query takes the place of."
                )
        if self.default not in ("point", "gui", RAW):
            raise CheckpointError(
                f"processor_config.json: prompts['default'] is {self.default!r}; expected 'point', 'gui' or "
                f"{RAW!r}."
            )

    @classmethod
    def of(cls, said: object) -> PromptTemplates:
        """Reads what a checkpoint says of its templates.

        Args:
            said: Templates by name, those that differ from the released ones; None for none.

        Returns:
            The templates.

        Raises:
            CheckpointError: It says something else.
        """
        names = {field.name for field in fields(cls)}
        if said is not None and not (isinstance(said, Mapping) and names >= set(said)):
            raise CheckpointError(
                f"processor_config.json: prompts is {said!r}; expected templates by name, of "
                f"{', '.join(sorted(names))}."
            )
        return cls(**(said or {}))

    def to_dict(self) -> dict[str, str]:
        """Gives what `of` reads.

        Returns:
            The templates that differ from the released ones.
        """
        released = asdict(PromptTemplates())
        return {name: value for name, value in asdict(self).items() if value != released[name]}

    def choose(self, prompt: str | None) -> str:
        """Chooses a template.

        Args:
            prompt: "point", "gui", "track" or "raw"; a template with one ``{}``; None for the default.

        Returns:
            The template.

        Raises:
            InputError: It is neither a name nor a template.
        """
        name = self.default if prompt is None else prompt
        if name == RAW:
            return SLOT
        if name in ("point", "gui", "track"):
            return str(getattr(self, name))
        if not isinstance(name, str) or name.count(SLOT) != 1:
            raise InputError(
                f"prompt is {prompt!r}; expected 'point', 'gui', 'track', 'raw', or a template with one {{}} "
                "where the query goes."
            )
        return name

    @classmethod
    def check(cls, prompt: str | None) -> None:
        """Checks that `choose` takes a prompt, whatever the checkpoint.

        Args:
            prompt: See `choose`.

        Raises:
            InputError: See `choose`.
        """
        cls().choose(prompt)

    def ask(self, query: str, prompt: str | None = None) -> str:
        """Writes what a checkpoint is asked.

        Args:
            query: What to find, in words.
            prompt: See `choose`.

        Returns:
            The question.

        Raises:
            InputError: See `choose`.
        """
        return self.choose(prompt).replace(SLOT, query)
