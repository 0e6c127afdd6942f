"""Finds, reads and writes the small files of a checkpoint, in a folder or on the hub.

Files in a folder are found and read without transformers.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molmo_act.errors import CheckpointError
from molmo_act.formats.exported import refuse_export

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)
SECONDS = 5.0
"""How long the hub may take to say whether it has a repository."""
HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "subfolder", "token")
"""Keyword arguments of ``from_pretrained`` that say where files come from."""
MOST_SHOWN = 1000
"""Characters of an error of another library that are passed on."""


def hub_options(source: str | os.PathLike[str], hub: Mapping[str, Any]) -> dict[str, Any]:
    """Asks the hub once, without retries, whether it can be reached and has a repository.

    Without a network a checkpoint that lies in the cache then loads at once, instead of after several tries
    for every file that it may have.

    Args:
        source: A folder, or the name of a repository on the hub.
        hub: Some of ``HUB_OPTIONS``.

    Returns:
        The options, with ``local_files_only`` where the hub cannot be reached or is not to be asked.

    Raises:
        CheckpointError: The hub has no such repository; or it cannot be reached, and the cache has none.
    """
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers

    name = os.fspath(source)
    if hub.get("local_files_only") or is_path(source):
        return {**hub}
    if not constants.HF_HUB_OFFLINE:
        url = f"{constants.ENDPOINT}/api/models/{name}"
        try:
            status = get_session().head(
                url, headers=build_hf_headers(token=hub.get("token")), timeout=SECONDS
            )
        except Exception as exc:  # the errors of HTTP libraries, which have changed before
            _need_cached(name, hub, f"the hub cannot be reached ({type(exc).__name__})")
            logger.warning("The hub cannot be reached; %s is loaded from the cache.", name)
            return {**hub, "local_files_only": True}
        if status.status_code in (400, 401, 403, 404):
            raise CheckpointError(
                f"There is no folder {name!r}, and the hub has no repository of that name that you may read. "
                "Check the name; for a private or gated one log in with: hf auth login"
            )
        return {**hub}
    _need_cached(name, hub, "the hub is not asked (HF_HUB_OFFLINE)")
    return {**hub, "local_files_only": True}


def _need_cached(name: str, hub: Mapping[str, Any], reason: str) -> None:
    from huggingface_hub import try_to_load_from_cache

    where = {key: hub[key] for key in ("cache_dir", "revision") if hub.get(key) is not None}
    try:
        found = try_to_load_from_cache(name, "config.json", **where)
    except ValueError as exc:  # no name of a repository
        raise CheckpointError(f"There is no folder {name!r}; expected the folder of a checkpoint.") from exc
    if not isinstance(found, str):
        raise CheckpointError(
            f"There is no folder {name!r}, the cache has no checkpoint of that name, and {reason}. Check the "
            "name and the network."
        )


def is_path(source: str | os.PathLike[str]) -> bool:
    """Tells a path, where something is or not, from the name of a repository.

    Args:
        source: A folder, or the name of a repository on the hub.

    Returns:
        Whether it is a path.

    Raises:
        CheckpointError: Nothing can be looked for at it, such as a name that is too long.
    """
    path = Path(source)
    try:
        path.exists()
    except OSError as exc:
        raise CheckpointError(f"{os.fspath(source)[:60]!r} cannot be looked for: {exc.strerror}.") from exc
    return path.exists() or path.is_absolute() or os.fspath(source).startswith(("./", "../", "~"))


def find_file(source: str | os.PathLike[str], name: str, *, optional: bool = True, **hub: Any) -> Path | None:
    """Looks for one file of a checkpoint.

    Args:
        source: A folder, or the name of a repository on the hub.
        name: Name of the file inside it.
        optional: Whether a file that is not in the cache counts as missing while the hub cannot be reached.
        hub: Some of ``HUB_OPTIONS``.

    Returns:
        Path of the file, in the folder or in the hub's cache; None if the checkpoint has no such file.

    Raises:
        CheckpointError: The folder or repository does not exist or cannot be reached.
    """
    folder = Path(source)
    is_path(source)  # which says why where nothing can be looked for
    if folder.is_dir():
        path = folder / (hub.get("subfolder") or "") / name
        return path if is_file(path) else None
    if folder.is_file():
        raise CheckpointError(f"{folder} is a file; expected the folder of a checkpoint.")
    if folder.is_absolute() or os.fspath(source).startswith(("./", "../", "~")):
        raise CheckpointError(f"There is no folder {folder}; expected the folder of a checkpoint.")
    from transformers.utils import cached_file

    try:
        found = cached_file(
            os.fspath(source), name, _raise_exceptions_for_missing_entries=not optional, **hub
        )
    except OSError as exc:
        raise CheckpointError(
            f"There is no folder {os.fspath(source)!r}, and the hub did not give {name} of a repository of "
            f"that name. Check the name and the network. ({str(exc).splitlines()[0]})"
        ) from exc
    return None if found is None else Path(found)


def need_file(source: str | os.PathLike[str], name: str, **hub: Any) -> Path:
    """Looks for a file that a checkpoint must have.

    Args:
        source: A folder, or the name of a repository on the hub.
        name: Name of the file inside it.
        hub: Some of ``HUB_OPTIONS``.

    Returns:
        Path of the file, in the folder or in the hub's cache.

    Raises:
        CheckpointError: There is no such file; the message names it.
        InputError: It is an exported model, which has other files.
    """
    path = find_file(source, name, optional=False, **hub)
    if path is None:
        refuse_export(source)
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} has no file {name}; expected all processor and tokenizer "
            "files of the released checkpoint beside its weights. Copy the missing file there."
        )
    return path


def is_file(path: Path) -> bool:
    """Whether a file is there.

    Args:
        path: Of a checkpoint.

    Returns:
        Whether it is there, readable or not.

    Raises:
        CheckpointError: Its folder may not be looked into.
    """
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as exc:
        raise _unreadable(path, exc) from exc
    return path.is_file()


def check_readable(path: Path) -> None:
    """Refuses a file that may not be read; some libraries call that one missing.

    Args:
        path: A file.

    Raises:
        CheckpointError: It cannot be read; the message says why.
    """
    try:
        path.open("rb").close()
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def read_text(path: Path) -> str:
    """Reads a file in UTF-8.

    Args:
        path: The file.

    Returns:
        Its text.

    Raises:
        CheckpointError: The file cannot be read, or is no such text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    except UnicodeDecodeError as exc:
        raise CheckpointError(f"{path} is not text in UTF-8 ({exc}). Fetch it again.") from exc


def read_json(path: Path) -> dict[str, Any]:
    """Reads the object in a JSON file.

    Args:
        path: The file.

    Returns:
        Keys and values of the object.

    Raises:
        CheckpointError: The file cannot be read, is damaged or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    except (ValueError, RecursionError) as exc:  # no JSON, no UTF-8, numbers or nesting without end
        raise CheckpointError(f"{path} is not valid JSON ({exc}). Fetch the file again.") from exc
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a {type(content).__name__}; expected a JSON object.")
    return content


def _unreadable(path: Path, exc: OSError | ValueError) -> CheckpointError:
    reason = getattr(exc, "strerror", None) or exc
    return CheckpointError(f"{path} cannot be read ({reason}). Check the permissions of it and its folder.")


def one_line(exc: Exception) -> str:
    """What went wrong, without the pages that some errors fill with values of config.json."""
    return " ".join(str(exc).split())[:MOST_SHOWN]


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Writes an object as sorted, indented JSON, as transformers does.

    Args:
        path: The file.
        content: Keys and values of the object.
    """
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_tokenizer(source: str | os.PathLike[str], **hub: Any) -> PreTrainedTokenizerBase:
    """Loads the tokenizer of a checkpoint, padding on the left.

    Not through ``AutoTokenizer``: that asks about remote code when the model type is not registered.

    Args:
        source: A folder, or the name of a repository on the hub.
        hub: Some of ``HUB_OPTIONS``.

    Returns:
        The tokenizer.

    Raises:
        CheckpointError: A file is missing (it is named) or damaged.
    """
    from transformers import PreTrainedTokenizerFast

    for name in ("tokenizer.json", "tokenizer_config.json"):
        read_json(need_file(source, name, **hub))
    try:
        return PreTrainedTokenizerFast.from_pretrained(source, padding_side="left", **hub)
    except Exception as exc:  # the tokenizers library raises bare Exception
        raise CheckpointError(
            f"tokenizer.json of {os.fspath(source)!r} cannot be read as a tokenizer ({exc}). Fetch it again."
        ) from exc


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, folder: Path) -> list[str]:
    """Writes a tokenizer so that released code can read it, too.

    transformers 5 writes a class name and a list of tokens that transformers 4, for which the released code
    was written, cannot read; both are given the form that both versions read.

    Args:
        tokenizer: The tokenizer.
        folder: Where to, a folder that exists.

    Returns:
        Paths of the files.
    """
    written = [str(path) for path in tokenizer.save_pretrained(folder)]
    path = folder / "tokenizer_config.json"
    config = read_json(path)
    config.pop("auto_map", None)
    if config.get("tokenizer_class") == "TokenizersBackend":
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
    if isinstance(config.get("extra_special_tokens"), list):
        config["additional_special_tokens"] = config.pop("extra_special_tokens")
    write_json(path, config)
    return written
