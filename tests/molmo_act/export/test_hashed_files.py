"""Files that are hashed while they are written."""

from __future__ import annotations

import hashlib

import numpy as np

from molmo_act.export.hashed_files import HashedFiles


def test_what_is_described_is_what_lies_there(tmp_path):
    files = HashedFiles(tmp_path)
    with files.new("a.bin") as file:
        file.write(b"head")
        assert file.tell() == 4
        file.write(np.arange(6, dtype=np.float16).reshape(2, 3).data)
        assert file.tell() == 16
    with files.new("empty"):
        pass
    for name in ("a.bin", "empty"):
        content = (tmp_path / name).read_bytes()
        assert files.described[name] == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert (tmp_path / "a.bin").read_bytes()[4:] == np.arange(6, dtype=np.float16).tobytes()


def test_a_file_that_was_not_finished_is_not_described(tmp_path):
    files = HashedFiles(tmp_path)
    try:
        with files.new("half") as file:
            file.write(b"1")
            raise OSError
    except OSError:
        pass
    assert files.described == {}
