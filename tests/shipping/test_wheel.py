import base64
import csv
import hashlib
import io
import os
import zipfile

from crosstie.shipping.naming import Names
from crosstie.shipping.wheel import Metadata, write_wheel

ABOUT = Metadata(
    Names("ferry-times", "ferry_times"),
    "1.2.0",
    "Ferries",
    "3.11",
    ["numpy==2.1.0"],
    {"serve": ["uvicorn==1.0", "uvloop==2.0 ; sys_platform != 'win32'"]},
    "# It",
)


def test_the_same_files_give_the_same_bytes_at_any_time(tmp_path):
    large = tmp_path / "graph.onnx"
    large.write_bytes(b"\0" * 3_000_000)
    first, second = tmp_path / "a.whl", tmp_path / "b.whl"

    write_wheel(
        first, ABOUT, {"ferry_times/__init__.py": "x = 1\n", "ferry_times/model/0.onnx": large}
    )
    os.utime(large, (1, 1))
    write_wheel(
        second, ABOUT, {"ferry_times/model/0.onnx": large, "ferry_times/__init__.py": "x = 1\n"}
    )

    assert first.read_bytes() == second.read_bytes()


def test_every_file_is_recorded_with_its_hash_and_size(tmp_path):
    path = tmp_path / "a.whl"
    write_wheel(path, ABOUT, {"ferry_times/__init__.py": "x = 'é'\n"})

    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        rows = [*csv.reader(io.StringIO(archive.read(names[-1]).decode()))]
        for name, digest, size in rows[:-1]:
            content = archive.read(name)
            said = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={said}", str(len(content)))
    assert [row[0] for row in rows] == names
    assert rows[-1] == ["ferry_times-1.2.0.dist-info/RECORD", "", ""]


def test_installers_read_what_it_needs(tmp_path):
    path = tmp_path / "a.whl"
    write_wheel(path, ABOUT, {})
    with zipfile.ZipFile(path) as archive:
        text = archive.read("ferry_times-1.2.0.dist-info/METADATA").decode()
    assert text == (
        "Metadata-Version: 2.3\nName: ferry-times\nVersion: 1.2.0\nSummary: Ferries\nRequires-Python: >=3.11\n"
        "Requires-Dist: numpy==2.1.0\nProvides-Extra: serve\n"
        'Requires-Dist: uvicorn==1.0 ; extra == "serve"\n'
        "Requires-Dist: uvloop==2.0 ; sys_platform != 'win32' and extra == \"serve\"\n"
        "Description-Content-Type: text/markdown\n\n# It\n"
    )
    assert ABOUT.file == "ferry_times-1.2.0-py3-none-any.whl"
