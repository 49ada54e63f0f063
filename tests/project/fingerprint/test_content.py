"""What files hold: read again when they may have changed, and only then."""

import os
import shutil
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crosstie.errors import DataError
from crosstie.project.fingerprint.cache import Cache
from crosstie.project.fingerprint.content import GRAIN, Contents, table_digest


def later() -> int:
    return time.time_ns() + 2 * GRAIN


def test_a_file_that_was_touched_is_the_same(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    contents = Contents()
    before = contents.of(file)
    os.utime(file, ns=(1, 1))
    assert contents.of(file) == before


def test_a_file_is_read_once(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    cache = Cache(tmp_path / "cache.json")
    first = Contents(cache, root=tmp_path, clock=later)
    digest = first.of(tmp_path / "a.csv")
    cache.save()
    second = Contents(Cache(tmp_path / "cache.json"), root=tmp_path, clock=later)
    assert (second.of(tmp_path / "a.csv"), first.read, second.read) == (digest, 1, 0)


def test_an_edit_of_equal_size_within_the_tick_of_the_clock_is_seen(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    times = file.stat()
    contents = Contents()
    before = contents.of(file)
    file.write_text("a\n2\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert contents.of(file) != before
    assert contents.of(file) == Contents().of(file)


def test_a_young_file_is_read_again_although_nothing_of_it_looks_changed(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    contents = Contents()
    contents.of(tmp_path / "a.csv")
    contents.of(tmp_path / "a.csv")
    assert contents.read == 2


def test_an_old_file_changed_with_its_times_put_back_is_seen(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    times = file.stat()
    contents = Contents(clock=later)
    before = contents.of(file)
    other = tmp_path / "other.csv"
    other.write_text("a\n2\n")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(file)
    assert contents.of(file) != before


def test_a_moved_project_is_the_same_and_remembered_by_its_own_paths(tmp_path):
    cache = Cache()
    (tmp_path / "one" / "data").mkdir(parents=True)
    (tmp_path / "one" / "data" / "a.csv").write_text("a\n1\n")
    before = Contents(cache, root=tmp_path / "one").of(tmp_path / "one" / "data")
    shutil.move(tmp_path / "one", tmp_path / "two")
    assert Contents(cache, root=tmp_path / "two").of(tmp_path / "two" / "data") == before
    assert repr(cache) == "Cache(1 files)"


def test_a_folder_is_what_it_holds(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "cats").mkdir(parents=True)
    (folder / "cats" / "1.jpg").write_bytes(b"a")
    (folder / "empty").mkdir()
    contents = Contents()
    digests = [contents.of(folder)]
    (folder / "cats" / ".DS_Store").write_bytes(b"noise")
    (folder / "round").symlink_to(folder)
    digests.append(contents.of(folder))
    (folder / "round").unlink()
    assert contents.of(folder) == digests[0] != digests[1]
    (folder / "cats" / "1.jpg").rename(folder / "cats" / "2.jpg")
    digests.append(contents.of(folder))
    (folder / "cats" / "2.jpg").write_bytes(b"b")
    digests.append(contents.of(folder))
    (folder / "empty").rmdir()
    digests.append(contents.of(folder))
    assert len(set(digests)) == 5


def test_an_absent_file_is_said(tmp_path):
    with pytest.raises(DataError, match=r"none\.csv: there is no such file or folder"):
        Contents().of(tmp_path / "none.csv")


def test_a_table_of_parquet_is_its_rows(tmp_path):
    table = pa.table(
        {"a": list(range(1000)), "b": [f"x{n % 7}" if n % 5 else None for n in range(1000)]}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    pq.write_table(
        table, tmp_path / "b.parquet", row_group_size=100, compression="zstd", use_dictionary=False
    )
    with pa.ipc.new_file(tmp_path / "c.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=33)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    contents = Contents()
    digests = {contents.of(tmp_path / name) for name in ("a.parquet", "b.parquet", "c.arrow")}
    assert len(digests) == 1
    pq.write_table(table.slice(0, 999), tmp_path / "a.parquet")
    assert contents.of(tmp_path / "a.parquet") not in digests
    assert contents.of(tmp_path / "broken.parquet") not in digests


def test_a_file_that_is_no_table_is_refused_where_a_table_is_wanted(tmp_path):
    for name, kind in (("a.parquet", "Parquet"), ("a.arrow", "Arrow")):
        (tmp_path / name).write_bytes(b"no table")
        with pytest.raises(DataError, match=rf"{name}: cannot be read as {kind}: "):
            table_digest(tmp_path / name)
