# SPDX-License-Identifier: Apache-2.0
"""Networks and schedules in PyTorch that are Secateur's: what the races of training and of studies run on the other side."""

import math

import torch


def initial_network(hidden, inputs=2, outputs=1):
    """The same distributions as train::initial_network: He's normal weights; PyTorch's own uniform biases, but zero at the
    output."""
    layers, width = [], inputs
    for units in [*hidden, outputs]:
        layer = torch.nn.Linear(width, units)
        torch.nn.init.normal_(layer.weight, std=math.sqrt(2 / width))
        layers += [layer, torch.nn.ReLU()]
        width = units
    torch.nn.init.zeros_(layers[-2].bias)
    return torch.nn.Sequential(*layers[:-1])


def cosine(rate, step, steps):
    """Learning rate at a step, counted from 0."""
    return rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def scaled(tables, inputs=2):
    """Inputs to [-1, 1] and outputs to zero mean and unit deviation by the first table: what train::initial_network puts
    into the network. Pairs of float32 tensors."""
    low, high = tables[0][:, :inputs].min(axis=0), tables[0][:, :inputs].max(axis=0)
    mean, deviation = tables[0][:, inputs:].mean(axis=0), tables[0][:, inputs:].std(axis=0)
    return [
        (
            torch.tensor((2 * t[:, :inputs] - low - high) / (high - low), dtype=torch.float32),
            torch.tensor((t[:, inputs:] - mean) / deviation, dtype=torch.float32),
        )
        for t in tables
    ]
