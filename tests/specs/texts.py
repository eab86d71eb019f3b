"""A small sweep's text for the loader's tests, and how much work any text may cost."""

MOST_CALLS = 300_000
"""Of functions, while a text is read or rejected: at most 5,000 values are, at some 25 calls each, and told of in 20
lines. Some hundredths of a second; a text of a megabyte that were read to its end would take millions."""

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
