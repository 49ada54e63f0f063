"""Each optimizer is torch's own of that name, with every option handed on."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from crosstie.config.options import build, options
from crosstie.training.optimizers.optimizer import optimizers, restore, state_of

TORCH = {
    "adadelta": torch.optim.Adadelta,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamax": torch.optim.Adamax,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
OTHER = {  # a value that is not the default, for every option there is
    "weight_decay": 0.03,
    "betas": (0.8, 0.95),
    "eps": 1e-4,
    "amsgrad": True,
    "momentum": 0.7,
    "dampening": 0.1,
    "alpha": 0.8,
    "centered": True,
    "rho": 0.7,
    "lr_decay": 0.1,
    "initial_accumulator_value": 0.2,
    "momentum_decay": 0.01,
    "nesterov": True,
}


def steps(optimizer, parameter, count=5):
    for i in range(count):
        optimizer.zero_grad()
        (parameter * torch.arange(1.0, 4.0)).sin().sum().mul(i + 1).backward()
        optimizer.step()
    return parameter.detach().clone()


def start():
    return nn.Parameter(torch.tensor([0.3, -0.2, 0.5]))


def test_every_registered_optimizer_is_known_here():
    assert optimizers.names() == sorted(TORCH)


@pytest.mark.parametrize("name", sorted(TORCH))
def test_every_option_reaches_torch(name):
    cls = optimizers.get(name)
    given = {key: OTHER[key] for key in options(cls)}
    if name == "sgd":
        given["dampening"] = 0.0  # torch refuses it beside nesterov
    ours, theirs = start(), start()
    made = build(cls, **given)
    one = steps(made.build(made.groups([ours], []), 0.1), ours)
    other = steps(TORCH[name]([theirs], lr=0.1, **given), theirs)
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)  # fused steps round otherwise
    plain = start()
    assert not torch.equal(one, steps(TORCH[name]([plain], lr=0.1), plain))


@pytest.mark.slow
def test_none_imports_torchs_compiler():
    # from a clean process: whatever ran before in this one may have compiled
    code = """
import sys, torch
from torch import nn
from crosstie.config.options import build
from crosstie.training.optimizers.optimizer import optimizers, restore, state_of
for name in optimizers.names():
    made = build(optimizers.get(name))
    parameter = nn.Parameter(torch.ones(3))
    optimizer = made.build(made.groups([parameter], []), 0.1)
    parameter.sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    restore(optimizer, *state_of(optimizer))
print("torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("name", sorted(TORCH))
def test_state_goes_through_a_checkpoint_exactly(name):
    made = build(optimizers.get(name))
    parameter = start()
    optimizer = made.build(made.groups([parameter], []), 0.1)
    steps(optimizer, parameter)
    copy = nn.Parameter(parameter.detach().clone())
    again = made.build(made.groups([copy], []), 0.1)
    tensors, plain = state_of(optimizer)
    restore(again, {name: each.clone() for name, each in tensors.items()}, plain)
    assert torch.equal(steps(optimizer, parameter), steps(again, copy))


def test_dampening_reaches_torch():
    made = build(optimizers.get("sgd"), momentum=0.7, dampening=0.5)
    ours, theirs = start(), start()
    one = steps(made.build(made.groups([ours], []), 0.1), ours)
    assert torch.equal(
        one, steps(torch.optim.SGD([theirs], lr=0.1, momentum=0.7, dampening=0.5), theirs)
    )


def test_spared_parameters_do_not_decay():
    made = build(optimizers.get("adamw"), weight_decay=0.5)
    decayed, spared = start(), start()
    optimizer = made.build(made.groups([decayed], [spared]), 0.1)
    for each in (decayed, spared):
        each.grad = torch.zeros(3)
    optimizer.step()
    assert torch.equal(spared, start())
    assert torch.allclose(decayed, start() * (1 - 0.1 * 0.5))


def test_the_default_is_tabms():
    made = build(optimizers.get("adamw"))
    assert (made.weight_decay, made.betas) == (0.0003, (0.9, 0.999))
