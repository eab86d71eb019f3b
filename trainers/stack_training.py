"""The state of a stack in training, and the steps that advance it."""

from __future__ import annotations

import time

import torch

from specs import faults
from specs.datasets import facts_of
from specs.format.records import Row
from trainers import final_measurements, measurement, results, splits
from trainers.allocator import keep_freed_memory
from trainers.augmentation import FlipCrop
from trainers.batches import Batch, batches
from trainers.checkpoint import Saved
from trainers.data import Arrays
from trainers.devices import at_precision, check_precision, device_name, memory_for_a_graph, peak_memory
from trainers.ensembles import Weights, build, gradients_for
from trainers.ensembles.gradients import OnLogits, networks_in_a_graph
from trainers.losses import gradient_towards
from trainers.methods import hooks_of
from trainers.optimizer import StackedSGD
from trainers.progress import Progress
from trainers.results import Run, TrialResult
from trainers.stacks import Stack


class StackTraining:
    """A stack with its data, weights and optimizer on the device, and its book-keeping."""

    def __init__(
        self, stack: Stack, arrays: Arrays, device: torch.device, dtype: torch.dtype, *, sparing: bool = False
    ) -> None:
        """Prepare the first epoch. If ``sparing``, a graph holds as few networks as it can."""
        keep_freed_memory()
        self._started = time.monotonic()
        self._earlier_seconds = 0.0
        self._stack, self._device, self._dtype = stack, device, dtype
        self._spec = spec = stack.trials[0]
        check_precision(spec.training.precision, device)
        self._classes = facts_of(spec.dataset).classes
        self._data = splits.prepare(arrays, spec, stack.group_seeds, device, dtype)
        self._ensemble = build(spec.architecture, tuple(arrays.train_images.shape[1:]), self._classes)
        self._initial = self._initial_weights()
        self._weights = {
            name: weight.clone().requires_grad_(name not in self._ensemble.buffers)
            for name, weight in self._initial.items()
        }
        self._trained = [weight for weight in self._weights.values() if weight.requires_grad]
        self._selected = {name: weight.clone() for name, weight in self._initial.items()}
        self._optimizer = StackedSGD(self._trained, spec.training, stack.learning_rates)
        self._method = hooks_of(spec.method)(stack, self._data, self._ensemble, dtype)
        self._lam = torch.tensor([trial.lam for trial in stack.trials], dtype=dtype, device=device)
        self.progress = Progress(len(stack.trials), spec.training.selection)
        self._hold_in_a_graph(self._networks_that_fit(0 if sparing else memory_for_a_graph(device)))

    def _initial_weights(self) -> Weights:
        drawn = {seed: self._ensemble.initial_weights(seed) for seed in set(self._stack.seeds)}
        names = next(iter(drawn.values()))
        return {
            name: torch.stack([drawn[seed][name] for seed in self._stack.seeds]).to(self._device, self._dtype)
            for name in names
        }

    def _networks_that_fit(self, room: int) -> int:
        """Number of networks whose graph keeps at most ``room`` bytes of a whole batch."""
        examples = min(self._spec.training.batch_size, self._data.train.rows.shape[1])
        return networks_in_a_graph(self._ensemble, len(self._lam), examples, self._dtype, self._device, room)

    def _hold_in_a_graph(self, networks: int) -> None:
        self._in_a_graph = networks
        part = networks if networks < len(self._lam) * self._ensemble.members else None
        self._gradients = gradients_for(self._ensemble, self._spec.training.precision, part)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or every trial has diverged."""
        return self.progress.epoch >= self._spec.training.epochs or not self.progress.active

    def run_epoch(self) -> None:
        """Train and measure one epoch, and keep the weights of the trials that select it."""
        started = time.monotonic()
        with at_precision(self._spec.training.precision):
            self._train(self.progress.epoch + 1)
        measures = {
            split: measurement.measure(self._ensemble, self._weights, part)
            for split, part in self._data.measured.items()
        }
        distance = measurement.distances(self._weights, self._initial, self._ensemble.buffers)
        active = self.progress.active
        for trial in self.progress.record(measures, distance):
            for name, weight in self._weights.items():
                self._selected[name][trial] = weight.detach()[trial]
        for trial in set(active) - set(self.progress.active):
            self._optimizer.freeze(trial)
        self.progress.seconds.append(time.monotonic() - started)

    def _train(self, epoch: int) -> None:
        """Train on all batches of one epoch. Nothing here computes a metric or waits for the device."""
        self._optimizer.scale(self._stack.learning_rate_factor(epoch))
        part = self._data.train.shuffled(self._stack.group_seeds, epoch)
        size, augment = self._spec.training.batch_size, self._augmentation(epoch, part.rows.shape[1])
        for batch in batches(part, size, len(self._lam), self._classes, self._dtype, augment):
            on_logits = self._on_logits(batch)
            self._optimizer.step(self._gradients(self._ensemble, self._weights, batch.images, on_logits))
            faults.point("batch")

    def _on_logits(self, batch: Batch) -> OnLogits:
        """The joint loss's gradient on a batch's logits, with the weights that the method gives its examples."""
        weights = self._method.example_weights(batch)
        return lambda logits: gradient_towards(logits, batch.targets, self._lam, weights)

    def _augmentation(self, epoch: int, examples: int) -> FlipCrop | None:
        if self._spec.training.augmentation == "none":
            return None
        return FlipCrop(self._stack.group_seeds, epoch, examples, self._device)

    def fingerprint(self, arrays: Arrays) -> str:
        """Fingerprint of the trials, the data and the type of the numbers that a checkpoint belongs to."""
        return self._stack.fingerprint(arrays.fingerprint(), str(self._dtype))

    @property
    def _seconds(self) -> float:
        return self._earlier_seconds + time.monotonic() - self._started

    def state(self) -> tuple[dict[str, torch.Tensor], str]:
        """Everything that the remaining epochs and the results depend on: tensors, and book-keeping as JSON."""
        series, book = self.progress.state()
        tensors = {f"series.{name}": stacked for name, stacked in series.items()}
        tensors |= {name: tensor.detach().cpu() for name, tensor in self._tensors().items()}
        tensors["seconds"] = torch.tensor(self._seconds, dtype=torch.float64)
        tensors["networks_in_a_graph"] = torch.tensor(self._in_a_graph)
        return tensors, book

    def fits(self, saved: Saved) -> bool:
        """Whether a saved state can be restored: it has all tensors in the right shapes, and whole book-keeping."""
        shapes = {name: tensor.shape for name, tensor in self._tensors().items()}
        if any(name not in saved.tensors or saved.tensors[name].shape != shape for name, shape in shapes.items()):
            return False
        return "seconds" in saved.tensors and Progress.holds(_series(saved), saved.book, len(self._lam))

    def restore(self, saved: Saved) -> None:
        """Restore a saved state that :meth:`fits`.

        A graph holds as many networks as before, unless they do not fit any more.
        """
        tensors = saved.tensors
        for name, tensor in self._tensors().items():
            tensor.detach().copy_(tensors[name])
        self.progress = Progress.restored(_series(saved), saved.book)
        for trial in set(range(len(self._lam))) - set(self.progress.active):
            self._optimizer.freeze(trial)
        self._earlier_seconds = tensors["seconds"].item()
        before = int(tensors["networks_in_a_graph"]) if "networks_in_a_graph" in tensors else self._in_a_graph
        self._hold_in_a_graph(min(self._in_a_graph, before))

    def _tensors(self) -> Weights:
        tensors = {f"weights.{name}": weight for name, weight in self._weights.items()}
        tensors |= {f"selected.{name}": weight for name, weight in self._selected.items()}
        return tensors | {f"momentum.{index}": buffer for index, buffer in enumerate(self._optimizer.momentum)}

    def results(self) -> tuple[TrialResult, ...]:
        """Make the final measurements on the selected weights and return all results, in the caller's order."""
        robustness = self._robustness()
        columns = final_measurements.columns(
            self._ensemble, self._selected, self._data, self._stack, self.progress.active
        )
        own = self._method.tested_columns(self._ensemble, self._selected, self._data, self.progress.active)
        columns = {trial: row | own.get(trial, {}) for trial, row in columns.items()}
        run = Run(
            member_parameters=sum(weight[0, 0].numel() for weight in self._trained),
            classes=self._classes,
            seconds=self._seconds,
            examples=self._data.train.rows.shape[1],
            peak_memory=peak_memory(self._device),
            device=device_name(self._device),
        )
        by_position = dict(zip(self._stack.positions, range(self.progress.trials), strict=True))
        trials = [by_position[position] for position in sorted(by_position)]
        return tuple(self._result(trial, run, columns.get(trial, {}), robustness) for trial in trials)

    def _robustness(self) -> dict[int, list[Row]]:
        asked, complete = self._spec.evaluation.robustness, self.progress.active
        if not self._method.drops_members or not asked.repeats or not complete or "test" not in self._data.measured:
            return {}
        rows: dict[int, list[Row]] = {trial: [] for trial in complete}
        for mask in asked.masks:
            sums = measurement.measure_dropping(
                self._ensemble, self._selected, self._data.measured["test"], self._stack.seeds, mask, asked.repeats
            )
            for trial in complete:
                rows[trial].extend(results.robustness_rows(sums, mask, trial))
        return rows

    @property
    def _graph(self) -> int | None:
        # On a CPU the numbers are the same, however many networks a graph holds.
        decides = self._device.type != "cpu" and self._ensemble.numbers_in_graph > 0
        return self._in_a_graph if decides else None

    def _result(self, trial: int, run: Run, columns: Row, robustness: dict[int, list[Row]]) -> TrialResult:
        spec, message = self._stack.trials[trial], self.progress.messages[trial]
        rates = [
            spec.training.learning_rate * self._stack.learning_rate_factor(epoch)
            for epoch in range(1, self.progress.epoch + 1)
        ]
        filters = self._spec.evaluation.filters and not message
        return TrialResult(
            status="diverged" if message else "complete",
            message=message,
            trial=results.trial_row(spec, self.progress, trial, run, columns),
            epochs=tuple(results.epoch_rows(self.progress, trial, rates)),
            robustness=tuple(robustness.get(trial, ())),
            filters=tuple(final_measurements.filter_rows(self._ensemble, self._initial, self._selected, trial))
            if filters
            else (),
            graph=self._graph,
        )


def _series(saved: Saved) -> dict[str, torch.Tensor]:
    tensors = saved.tensors
    return {name.removeprefix("series."): tensors[name] for name in tensors if name.startswith("series.")}
