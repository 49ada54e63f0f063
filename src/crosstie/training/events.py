"""One TensorBoard event file: scalars, a graph, hyperparameters. tensorboard's own records and messages, no torch."""

import io
import os
import re
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.compat.proto import (
    event_pb2,
    graph_pb2,
    node_def_pb2,
    summary_pb2,
    versions_pb2,
)
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


class Events:
    """An event file that is being written.

    Args:
        folder: Where it goes.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / _name(folder)
        self._unwritten = io.BytesIO()
        self._writer = RecordWriter(self._unwritten)
        self._write(event_pb2.Event(file_version="brain.Event:2"))
        self.flush()

    def restart(self, step: int) -> None:
        """Make readers forget what earlier files of the folder say of `step` and later."""
        log = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self._write(event_pb2.Event(step=step, session_log=log))

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """A point of each curve."""
        points = [
            summary_pb2.Summary.Value(tag=name, simple_value=value)
            for name, value in values.items()
        ]
        self._write(event_pb2.Event(step=step, summary=summary_pb2.Summary(value=points)))

    def graph(self, path: Path) -> None:
        """An ONNX graph, for the page of graphs."""
        found = graph_pb2.GraphDef(node=_nodes(path), versions=versions_pb2.VersionDef(producer=22))
        self._write(event_pb2.Event(graph_def=found.SerializeToString()))

    def hparams(self, options: Mapping[str, Any], metrics: Sequence[str]) -> None:
        """Options of a run that has ended, and the names of the curves that hold its final metrics."""
        plain = {
            name: value
            for name, value in options.items()
            if isinstance(value, bool | int | float | str)
        }
        experiment = api_pb2.Experiment(
            hparam_infos=[
                api_pb2.HParamInfo(name=name, type=_type(value)) for name, value in plain.items()
            ],
            metric_infos=[api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag)) for tag in metrics],
        )
        start = plugin_data_pb2.SessionStartInfo()
        for name, value in plain.items():
            kind = (
                "bool"
                if isinstance(value, bool)
                else "string"
                if isinstance(value, str)
                else "number"
            )
            setattr(start.hparams[name], f"{kind}_value", value)
        end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS)
        for tag, content in (
            (metadata.EXPERIMENT_TAG, {"experiment": experiment}),
            (metadata.SESSION_START_INFO_TAG, {"session_start_info": start}),
            (metadata.SESSION_END_INFO_TAG, {"session_end_info": end}),
        ):
            about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**content))
            value = summary_pb2.Summary.Value(tag=tag, metadata=about, tensor=metadata.NULL_TENSOR)
            self._write(event_pb2.Event(summary=summary_pb2.Summary(value=[value])))

    def flush(self) -> None:
        """Let readers see everything."""
        with self._path.open("ab") as file:
            file.write(self._unwritten.getvalue())
        self._unwritten.seek(0)
        self._unwritten.truncate()

    def close(self) -> None:
        """Write no more."""
        self.flush()
        self._writer.close()

    def _write(self, event: Any) -> None:
        event.wall_time = time.time()
        self._writer.write(event.SerializeToString())


def _name(folder: Path) -> str:
    """What the next file of a folder is called.

    Readers take files in the order of their names. tensorboard's own writer counts on from 9 to 10, which comes
    before 9: of two files of one second the later was read first, and a resumed run began with its end.
    """
    place = len(list(folder.glob("events.out.tfevents.*")))
    host = f"{socket.gethostname()}.{os.getpid()}"
    return f"events.out.tfevents.{int(time.time()):010d}.{place:04d}.{host}"


def _type(value: bool | float | str) -> Any:
    if isinstance(value, bool):
        return api_pb2.DATA_TYPE_BOOL
    return api_pb2.DATA_TYPE_STRING if isinstance(value, str) else api_pb2.DATA_TYPE_FLOAT64


def _nodes(path: Path) -> list[Any]:
    """A graph's operations, named after what they put out; the dots of module names make the scopes."""
    import onnx  # 150 ms

    graph = onnx.load(path).graph
    made: dict[str, str] = {}
    nodes = []

    def add(values: Sequence[str], operation: str, inputs: Sequence[str]) -> None:
        name = re.sub(r"[^\w./-]", "_", values[0]).replace(".", "/").strip("/")
        made.update((value, name) for value in values)
        given = [made[each] for each in inputs if each]
        nodes.append(node_def_pb2.NodeDef(name=name, op=operation, input=given))

    for each in graph.input:
        add([each.name], "Placeholder", [])
    for each in graph.initializer:
        add([each.name], "Const", [])
    for each in graph.node:
        add(list(each.output), each.op_type, each.input)
    return nodes
