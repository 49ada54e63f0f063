"""A published network from its files, or from its shape alone; and its layers in order, for freezing and rates.

transformers builds it and reads its weights: safetensors only, no code that came with them, nothing fetched.
"""

import importlib
import inspect
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn

from crosstie.data.published import Published
from crosstie.errors import ConfigError, MissingExtra, Problem

LISTS = (
    "layer",
    "layers",
    "block",
    "blocks",
    "stages",
    "h",
)  # what published networks call their layers
FREE = frozenset({"pooler"})  # parts that files may lack: nothing here needs them unless asked
UNWRITTEN = frozenset(
    {"bit", "led", "longformer", "switch_transformers"}
)  # tried: no graph says the same


def from_shape(shape: Mapping[str, Any], *, meta: bool = False, part: str = "") -> nn.Module:
    """A network of that shape, its weights random.

    Args:
        shape: As its config.json has it, `model_type` included.
        meta: Without memory for weights, to see whether it can be built.
        part: `vision` or `text`: which network of a model that has one for each.

    Raises:
        ConfigError: transformers knows no such kind of model, or it cannot have that shape.
    """
    library = _library()
    own = {key: each for key, each in shape.items() if key != "model_type"}
    with _quiet(library):
        try:
            whole = library.AutoConfig.for_model(shape["model_type"], **own)
            config = getattr(whole, f"{part}_config", None) or whole
            with torch.device("meta" if meta else "cpu"):
                network: nn.Module = _class(library, config)(config)
        except (KeyError, TypeError, ValueError, AssertionError, ImportError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ConfigError(
                Problem(
                    "model",
                    f"transformers cannot build a {shape.get('model_type')!r} of this shape: {first}",
                )
            ) from error
    network, _ = _encoder(network)
    return network.float() if not meta else network


def from_files(published: Published, *, part: str = "", pooler: bool = False) -> nn.Module:
    """The network with its published weights.

    Args:
        published: Where they lie.
        part: As for `from_shape`.
        pooler: Whether its own pooler is wanted, so that the files may not lack its weights.

    Raises:
        ConfigError: Weights are absent, incomplete or of another shape.
    """
    published.shape()
    published.weights()
    library = _library()
    with _quiet(library):
        try:
            whole = library.AutoConfig.from_pretrained(str(published.folder))
            config = getattr(whole, f"{part}_config", None) or whole
            network, about = _read(library, published, config)
            if about["missing_keys"] and config is not whole:  # they may be called after their part
                network, about = _read(library, published, config, {rf"^{part}_model\.": ""})
        except (
            OSError,
            ValueError,
            RuntimeError,
            KeyError,
            TypeError,
            ImportError,
            SafetensorError,
        ) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ConfigError(
                Problem("model", f"{published.source!r} cannot be read: {first}")
            ) from error
    network, unread = _encoder(network)
    free = frozenset(unread) if pooler else FREE | unread
    lacking = [each for each in about["missing_keys"] if not free & set(each.split("."))]
    if lacking:
        raise ConfigError(
            Problem(
                "model",
                f"the files of {published.source!r} lack {len(lacking)} of its weights, the first is {lacking[0]}",
            )
        )
    if FREE & {part for each in about["missing_keys"] for part in each.split(".")}:
        setattr(network, "pooler", None)  # noqa: B010 - torch types it as a module. Its weights are random: nobody may take them for published ones
    return network


def _class(library: Any, config: Any) -> Any:
    """The class of networks of that shape: as `AutoModel` chooses, or the one of that name beside it.

    Raises:
        ValueError: There is none.
    """
    if config.model_type in UNWRITTEN:
        raise ValueError("its graph, which predicts, would not say the same")
    known = library.MODEL_MAPPING
    if type(config) in known:
        found = known[type(config)]
        return found[0] if isinstance(found, list | tuple) else found
    home = type(config).__module__.replace("configuration_", "modeling_")
    name = type(config).__name__.removesuffix("Config") + "Model"
    beside = getattr(importlib.import_module(home), name, None)
    if beside is None:
        raise ValueError("it has no network of its own for this")
    return beside


def _read(
    library: Any, published: Published, config: Any, renamed: Mapping[str, str] | None = None
) -> tuple[Any, Any]:
    """(network, what was found and what was not)."""
    found: tuple[Any, Any] = _class(library, config).from_pretrained(
        str(published.folder),
        config=config,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        dtype=torch.float32,
        output_loading_info=True,
        key_mapping=renamed,
    )
    return found


def _encoder(network: Any) -> tuple[nn.Module, set[str]]:
    """Of a network that reads one thing and writes another (T5, BART, Whisper) the half that reads.

    Returns:
        The network, and the names of the parts that are left out.
    """
    encoder, decoder = (getattr(network, each, None) for each in ("encoder", "decoder"))
    if not (isinstance(encoder, nn.Module) and isinstance(decoder, nn.Module)):
        return network, set()
    if network.main_input_name not in inspect.signature(encoder.forward).parameters:
        return network, set()  # DETR's stand between a picture's network and its boxes
    left = {name for name, _ in network.named_children()} - {"encoder"}
    return encoder, left


def shape_of(network: nn.Module) -> dict[str, Any]:
    """What `from_shape` builds the same network from: plain JSON values, no paths."""
    config: Any = network.config
    found = dict(config.to_diff_dict())
    for key in ("_name_or_path", "transformers_version", "architectures", "dtype", "torch_dtype"):
        found.pop(key, None)
    return {**found, "model_type": config.model_type}


def looks_back(network: nn.Module) -> bool:
    """Whether it was made to say the next word, so that only its last token has seen the whole text."""
    library = _library()
    config: Any = network.config
    kind = type(config)
    if getattr(config, "is_encoder_decoder", False):
        return False  # the half that reads sees all
    fills_in = library.MODEL_FOR_MASKED_LM_MAPPING
    return kind in library.MODEL_FOR_CAUSAL_LM_MAPPING and kind not in fills_in


def layers(network: nn.Module) -> list[nn.Module]:
    """Its parts from the input on: what embeds, then layer after layer, then what comes behind them."""
    found = next(
        (
            each
            for name, each in network.named_modules()
            if isinstance(each, nn.ModuleList) and name.rpartition(".")[2] in LISTS
        ),
        None,
    )
    if found is None:
        return [network]
    inside = {id(module) for module in found.modules()}
    around = {id(each) for each in found.modules()}
    holders = {
        id(module)
        for module in network.modules()
        if any(id(child) in around for child in module.modules())
    }
    first, last, seen = nn.ModuleList(), nn.ModuleList(), False
    for module in network.modules():
        if module is found:
            seen = True
        if id(module) in inside or id(module) in holders:
            continue
        if any(id(module) in map(id, each.modules()) for each in (*first, *last)):
            continue
        if next(module.parameters(), None) is None:
            continue
        (last if seen else first).append(module)
    return [first, *found, *([last] if len(last) else [])]


def _library() -> Any:
    try:
        import transformers  # 1.6 s
    except ImportError:
        raise MissingExtra(
            "transformers", "pretrained", needed_for="`encoder: pretrained`"
        ) from None
    return transformers


@contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """Without progress bars and advice of the library."""
    log = library.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity(log.CRITICAL)
    log.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()
