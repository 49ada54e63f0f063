"""What processes that were killed left in a store is removed, and nothing that may be in progress."""

import os
import time

from crosstie.project.store.place import PARTS, Folder


def test_what_was_never_finished_goes_after_a_day(tmp_path):
    (tmp_path / "file").write_text("content")
    place = Folder(tmp_path / "store")
    place.put("objects/ab/abc", tmp_path / "file")
    parts = tmp_path / "store" / PARTS
    for name, age in {"old": 90_000, "new": 60}.items():
        (parts / name).write_text("half")
        os.utime(parts / name, (time.time() - age,) * 2)

    place.tidy()

    assert [each.name for each in parts.iterdir()] == ["new"]
    assert place.read("objects/ab/abc") == b"content"
    Folder(tmp_path / "none").tidy()
