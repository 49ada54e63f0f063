"""Vectors kept by content."""

from pathlib import Path

import numpy as np

from crosstie.data.vectors import VectorStore, keys_of

IDS = np.array([[5, 6, 0, 0], [7, 0, 0, 0], [0, 0, 0, 0]], np.int32)


def test_padding_does_not_change_a_key() -> None:
    longer = np.pad(IDS, ((0, 0), (0, 3)))
    assert keys_of(IDS) == keys_of(longer)
    assert len(set(keys_of(IDS))) == 3


def test_what_was_kept_is_found_by_another_process(tmp_path: Path) -> None:
    keys = keys_of(IDS)
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    VectorStore(tmp_path, "m", 3).add(keys[:2], values)
    found, kept = VectorStore(tmp_path, "m", 3).find(keys[::-1])
    assert kept.tolist() == [False, True, True]
    assert found.tolist() == [[0, 0, 0], [3, 4, 5], [0, 1, 2]]
    assert not VectorStore(tmp_path, "another", 3).find(keys)[1].any()


def test_a_spoiled_piece_counts_as_absent(tmp_path: Path) -> None:
    store = VectorStore(tmp_path, "m", 3)
    store.add(keys_of(IDS), np.ones((3, 3), np.float32))
    (piece,) = tmp_path.glob("*/*.safetensors")
    piece.write_bytes(piece.read_bytes()[:20])
    assert not VectorStore(tmp_path, "m", 3).find(keys_of(IDS))[1].any()


def test_the_oldest_pieces_go_when_all_are_too_large(tmp_path: Path) -> None:
    import os

    store = VectorStore(tmp_path, "m", 100, largest=1500)
    for place, key in enumerate(keys_of(IDS)):
        store.add([key], np.ones((1, 100), np.float32))
        for path in tmp_path.glob("*/*.safetensors"):
            if path.stat().st_mtime > 1000:
                os.utime(path, (place, place))
    assert VectorStore(tmp_path, "m", 100).find(keys_of(IDS))[1].tolist() == [False, True, True]
