"""A small sweep's text for the loader's tests."""

SWEEP = """\
name: tiny
title: A question
architectures:
  1x8H: {members: 1, hidden: 8, kind: mlp}
  4x2.5H:
    members: 4
    hidden: 2
    learning_rate: {default: 0.2, from_lambda: {0.99: 0.1}}
    kind: mlp
lambda: [0, 0.5, 1]
seeds: 2
dataset:
  name: digits
  validation: 237
training:
  epochs: 3
  batch_size: 50
  learning_rate: 1e-1
"""
