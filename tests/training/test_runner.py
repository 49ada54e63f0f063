import subprocess
import sys

import pytest
import torch
from small_network import same

from crosstie.errors import ConfigError
from crosstie.training.runner import Plain, runner_for

GPU = torch.cuda.is_available()


@pytest.mark.slow
def test_a_processor_in_32_bits_needs_no_accelerate(tmp_path):
    code = (
        "import sys; sys.path.insert(0, 'tests/training'); from resumable import main; from pathlib import Path; "
        f"main(Path({str(tmp_path)!r}), resume=False); print('accelerate' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.skipif(GPU, reason="there is a GPU here")
def test_auto_is_a_plain_processor_without_a_gpu():
    assert isinstance(runner_for("auto", 32), Plain)


@pytest.mark.skipif(GPU, reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_said():
    with pytest.raises(ConfigError) as error:
        runner_for("cuda", 32)
    assert str(error.value) == (
        "trainer.device: no GPU can be used here; write `device: cpu` or `auto`"
    )


def test_fp16_on_a_processor_is_refused():
    with pytest.raises(ConfigError) as error:
        runner_for("cpu", "fp16")
    assert str(error.value) == ("trainer.precision: fp16 needs a GPU; a CPU can do `bf16` or `32`")


@pytest.mark.slow
def test_bf16_computes_in_16_bits_and_keeps_weights_in_32(fit):
    made = fit(epochs=2, precision="bf16", device="cpu")
    seen = []
    for module in made.loop.network.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(lambda module, given, out: seen.append(out.dtype))
    made.run()
    assert torch.bfloat16 in seen
    assert {each.dtype for each in made.weights.values()} == {torch.float32}
    assert made.progress.best > 0.7
    again = fit(epochs=2, precision="bf16", device="cpu").run()  # a second one in the same process
    assert same(made.weights, again.weights)
    plain = fit(epochs=2, device="cpu").run()
    assert not same(made.weights, plain.weights)


@pytest.mark.slow
def test_a_compiled_network_learns_the_same(fit, monkeypatch):
    """Traced by torch.compile, but run eagerly: generating code takes a minute and is torch's own affair."""
    compiled = []

    def trace(network):
        compiled.append(network)
        return torch._dynamo.optimize("eager")(network)

    monkeypatch.setattr(torch, "compile", trace)
    made = fit(epochs=2, compile=True).run()
    assert compiled == [made.loop.network]
    assert same(made.weights, fit(epochs=2).run().weights)
