import torch
from torch import nn

from crosstie.training.averaging import Average


def after(values, decay):
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = Average(network, decay)
    for value in values:
        nn.init.constant_(network.weight, value)
        average.update()
    return network, average


def test_swa_is_the_mean_of_all_steps():
    _, average = after([1.0, 2.0, 6.0], None)
    assert average.weights["weight"].item() == 3.0


def test_ema_forgets_and_is_warmed_up():
    _, average = after([10.0], 0.999)
    assert (
        average.weights["weight"].item() == torch.tensor(0.0).lerp(torch.tensor(10.0), 0.9).item()
    )
    _, average = after([1.0] * 20 + [5.0], 0.5)  # warm-up is over after nine steps
    assert round(average.weights["weight"].item(), 3) == 3.0


def test_averaged_weights_are_applied_for_a_block_only():
    network, average = after([1.0, 3.0], None)
    with average.applied():
        assert network.weight.item() == 2.0
    assert network.weight.item() == 3.0


def test_before_the_first_step_the_networks_own_weights_stand():
    network, average = after([], None)
    nn.init.constant_(network.weight, 7.0)
    with average.applied():
        assert network.weight.item() == 7.0


def test_state_goes_through_a_checkpoint():
    network, average = after([1.0, 3.0], None)
    other = Average(network, None)
    other.restore(average.state())
    nn.init.constant_(network.weight, 5.0)
    other.update()
    assert other.weights["weight"].item() == 3.0


def test_a_fit_keeps_the_average_of_its_steps(fit):
    class Seen:
        """Remembers the weights after each step."""

        def __init__(self):
            self.steps = []

        def __getattr__(self, name):
            return lambda progress: None

        def on_step_end(self, progress):
            self.steps.append({k: v.clone() for k, v in made.loop.network.state_dict().items()})

    seen = Seen()
    made = fit(epochs=3, averaging="swa", averaging_start=1, judged=False, callbacks=[seen])
    made.run()
    late = seen.steps[len(seen.steps) // 3 :]
    for name, each in made.weights.items():
        mean = torch.stack([step[name] for step in late]).mean(0)
        assert torch.allclose(each, mean, atol=1e-6), name


def test_infinite_buffers_are_copied_not_averaged():
    network = nn.Linear(1, 1, bias=False)
    network.register_buffer("edges", torch.tensor([-torch.inf, 0.0, torch.inf]))
    average = Average(network, 0.5)
    average.update()
    average.update()
    assert average.weights["edges"].tolist() == [-torch.inf, 0.0, torch.inf]
