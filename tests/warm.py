"""Runs programs as copies of one process that has imported everything: `python warm.py SOCKET`.

Tests start some 250 `crosstie` commands, and what these import takes longer than most of what they do: 0.5 to 2.5 s
each. So one process imports it all, once, and each command is a fork of it, with the words, folder, environment and
open files of whoever asked. Nothing that a command does is seen by another. That commands work in processes of their
own is tested where commands are, and by the example's demo.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LATER = (  # what our modules import inside of functions; not duckdb and onnxruntime, which start threads, and no copy has those
    "cyclopts._convert",
    "onnxscript",
    "optuna",
    "pandas",
    "pydantic",
    "rich.console",
    "rich.table",
    "ruamel.yaml",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.neighbors",
    "sklearn.svm",
    "tokenizers",
    "torch.onnx",
    "transformers.modeling_utils",
)
LENGTH = 8  # bytes that say how long a request is, and which process answers it
CLIENT = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = {{"program": {program!r}, "words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
    text = json.dumps(asked).encode()
    socket.send_fds(server, [len(text).to_bytes({length}, "big")], [0, 1, 2])
    server.sendall(text)
    copy = int.from_bytes(server.recv({length}), "big")
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda number, frame: os.kill(copy, number))
    ended = server.recv(1)
sys.exit(ended[0] if ended else "it ended without a word")
"""


def write_client(path: Path, program: Path, address: str) -> None:
    """A program that runs `program`, a file of Python, by way of the process behind `address`."""
    if sys.platform != "linux":  # where what was loaded before a fork may not work after it
        text = f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n'
    else:
        text = CLIENT.format(
            python=sys.executable, address=address, program=str(program), length=LENGTH
        )
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@contextlib.contextmanager
def warm_process(address: str) -> Iterator[None]:
    """The process behind `address`, for as long as the block lasts."""
    with subprocess.Popen(
        [sys.executable, __file__, address],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,  # whose end it takes for its own
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield


def serve(address: str) -> None:
    """Answer requests until standard input ends."""
    import_all()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                answer(asked)
            asked.close()
            with contextlib.suppress(ChildProcessError):  # none is left
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def import_all() -> None:
    """Import what any command does."""
    import crosstie

    for each in pkgutil.walk_packages(crosstie.__path__, "crosstie."):
        importlib.import_module(each.name)
    for name in LATER:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or the first collection of each copy would write to, and so copy, all of it


def answer(asked: socket.socket) -> None:
    """Run what is asked for as its program would be, say how it ended, and end."""
    head, files, _, _ = socket.recv_fds(asked, LENGTH, 3)
    with asked.makefile("rb") as stream:
        request = json.loads(stream.read(int.from_bytes(head, "big")))
    asked.sendall(os.getpid().to_bytes(LENGTH, "big"))
    for place, each in enumerate(files):
        os.dup2(each, place)
        os.close(each)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [request["program"], *request["words"]]
    code = 0
    try:
        runpy.run_path(request["program"], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    for each in (sys.stdout, sys.stderr):
        if not each.closed:
            each.flush()
    atexit._run_exitfuncs()
    asked.sendall(bytes([code]))
    # nothing is taken down: a library may wait for a thread of its own there, which a copy does not have
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
