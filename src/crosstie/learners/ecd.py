"""Encoders, combiner, decoders: a network on everything that a table can hold."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosstie.data.batch import Batch
from crosstie.data.scratch import Scratch
from crosstie.learners.learner import Job, Learner, Start, learners

if TYPE_CHECKING:
    from crosstie.models.network import Network
    from crosstie.models.start import Taken
    from crosstie.training.loop import Loop


@learners("ecd", elsewhere=("nn", "mlp", "neural_network", "deep", "network", "dnn", "tabm"))
class Ecd(Learner):
    """A network: an encoder for every input, one combiner, a decoder for every output."""

    uses = (
        "number",
        "binary",
        "category",
        "text",
        "sequence",
        "set",
        "bag",
        "vector",
        "date",
        "image",
        "timeseries",
        "audio",
    )
    predicts = ("number", "binary", "category", "set", "sequence", "timeseries", "text")
    many = True
    sections = ("encoder", "augmentation", "combiner", "decoder", "loss")

    def __init__(self, **trainer: Any) -> None:
        self.trainer = trainer
        self._network: Network | None = None
        self._loop: Loop | None = None
        self._taken: Taken | None = None

    @classmethod
    def trainer_options(cls) -> type:
        import crosstie.models  # noqa: F401 - torch, 1.5 s, imported there as it should be
        from crosstie.training.trainer import Trainer

        return Trainer

    @classmethod
    def check(cls, trainer: Mapping[str, Any]) -> None:
        from crosstie.config.options import build
        from crosstie.training.runner import devices_for  # torch, 1.5 s
        from crosstie.training.trainer import Trainer

        made = build(Trainer, **trainer)
        devices_for(made.device, made.precision, made.devices)

    @classmethod
    def takes(cls, rows: int, inputs: int, classes: int) -> float:
        return 2.5 + 1.2e-3 * rows  # Adult 42 s, Churn 8

    def fit(self, job: Job) -> None:
        import torch  # 1.5 s

        from crosstie.config.options import build
        from crosstie.models.network import Network
        from crosstie.models.once import run_once
        from crosstie.training.curve_figure import CurveFigure
        from crosstie.training.loop import Loop
        from crosstie.training.runner import devices_for
        from crosstie.training.trainer import Trainer

        trainer = build(Trainer, **self.trainer)
        devices = devices_for(trainer.device, trainer.precision, trainer.devices)
        gpus = range(torch.cuda.device_count())
        with torch.random.fork_rng(gpus), ExitStack() as beside:  # the caller's random numbers stay
            torch.manual_seed(job.seed)
            self._network = Network(job.layout, job.architecture, job.train)
            if job.start is not None:
                self._begin(self._network, job.start, job.say)
            cache = None if job.cache is None else job.cache / "vectors"
            scratch = Scratch()
            rows = run_once(
                self._network,
                {"train": job.train, "validation": job.validation},
                cache,
                scratch,
                cut=trainer.cutmix > 0,
            )
            train = rows["train"]
            assert train is not None, "there are training rows"
            begun = ["encoders"] if self._taken is None else self._taken.begun
            if len(devices) > 1:
                beside.enter_context(self._team(devices, job, rows, begun))
            self._loop = Loop(
                trainer,
                self._network,
                train,
                rows["validation"],
                metrics=job.metrics or {},
                seed=job.seed,
                folder=job.folder,
                callbacks=[CurveFigure(job.say), *job.callbacks],
                begun=begun,
                device=None if devices == ["cpu"] else devices[0],
            )
            if note := self._loop.judge.note:
                job.say(note)
            try:
                self._loop.run(resume=job.resume, anywhere=job.allow_different_host)
            finally:
                self._network.merge()

    def _team(
        self,
        devices: Sequence[str],
        job: Job,
        rows: Mapping[str, Batch | None],
        begun: Sequence[str],
    ) -> AbstractContextManager[None]:
        """The other processes."""
        from crosstie.training.team import team

        work = {
            "metrics": dict(job.metrics or {}),
            "seed": job.seed,
            "folder": str(job.folder),
            "begun": list(begun),
            "resume": job.resume,
            "anywhere": job.allow_different_host,
        }
        job.say(f"training in {len(devices)} processes, on {', '.join(dict.fromkeys(devices))}")
        train = rows["train"]
        assert train is not None, "there are training rows"
        return team(
            devices, self._fitted(), train, rows["validation"], trainer=self.trainer, work=work
        )

    def _begin(self, network: "Network", start: Start, say: Callable[[str], None]) -> None:
        """Take the earlier weights that fit."""
        from safetensors.torch import load_file

        from crosstie.models.start import Known, take

        config = json.loads((start.folder / "config.json").read_text("utf-8"))
        known = Known(start.kept, start.before, start.now)
        tensors = load_file(start.folder / "weights.safetensors")
        self._taken = take(network, config, tensors, known)
        for line in self._taken.lines():
            say(line)

    def export(self, path: Path) -> None:
        from crosstie.models.export import export_onnx

        network = self._fitted()
        export_onnx(network, network.layout, path)

    def save(self, folder: Path) -> None:
        from safetensors.torch import save_file

        from crosstie.data.files import atomic, write_json
        from crosstie.models.start import describe

        network = self._fitted()
        config = {**network.to_config(), "weights": describe(network)}
        write_json(folder / "config.json", config)
        with atomic(folder / "weights.safetensors") as temporary:
            save_file(
                {name: each.contiguous().clone() for name, each in network.state_dict().items()},
                temporary,
            )

    @classmethod
    def load(cls, folder: Path) -> "Network":
        """The network that `save` wrote."""
        from safetensors.torch import load_file

        from crosstie.models.network import Network

        network = Network.from_config(json.loads((folder / "config.json").read_text("utf-8")))
        network.load_state_dict(load_file(folder / "weights.safetensors"))
        return network.eval()

    def describe(self) -> dict[str, Any]:
        loop = self._loop
        assert loop is not None, "describe comes after fit"
        progress = loop.progress
        updates = loop.updates_an_epoch
        facts: dict[str, Any] = {
            "parameters": sum(each.numel() for each in loop.network.parameters()),
            "members": loop.network.members,
            "epochs": progress.epoch,
            "steps": progress.step,
            "best_epoch": None if progress.best_step is None else -(-progress.best_step // updates),
            "best_step": progress.best_step,
            "stopped": progress.stopped,
            "batch_size": loop.batch_size,
            "learning_rate": loop.rate.base,
            "seconds_per_epoch": round(loop.seconds * updates / max(progress.step, 1), 4),
        }
        if published := loop.network.provenance():
            facts["published"] = published
        if loop.curve is not None:
            facts["range_test"] = {"rates": loop.curve.rates, "losses": loop.curve.losses}
        if self._taken is not None:
            facts["start"] = {
                "taken": list(self._taken.tensors),
                "new": list(self._taken.new),
                "unused": list(self._taken.unused),
            }
        return facts

    def _fitted(self) -> "Network":
        assert self._network is not None, "export and save come after fit"
        return self._network
