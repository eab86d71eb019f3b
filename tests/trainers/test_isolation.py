"""The room runs where only torch, safetensors and jaxtyping are installed, on specs that are any object."""

import subprocess
import sys

PROGRAM = """
import sys
for absent in ("pydantic", "yaml", "ray", "pandas", "pyarrow", "plotly", "beartype", "sklearn", "scipy", "torchvision"):
    sys.modules[absent] = None
from types import SimpleNamespace as Spec
import torch
from trainers.data import Arrays
from trainers.training import train

def spec(lam):
    return Spec(
        architecture=Spec(kind="mlp", networks="trainers.ensembles.mlp:MlpEnsemble", members=2, hidden=3),
        method="joint", lam=lam, seed=0,
        dataset=Spec(name="digits", validation=5, train_examples=None),
        training=Spec(epochs=2, batch_size=8, learning_rate=0.1, momentum=0.9, weight_decay=0.0, milestones=(),
                      milestone_factor=0.1, augmentation="none", selection="validation", precision="float32"),
        evaluation=Spec(train_examples=5, robustness=Spec(repeats=2, masks=("example",)), filters=False, hessian=None),
    )

images = torch.arange(30 * 64, dtype=torch.int64).remainder(17).to(torch.uint8).view(30, 1, 8, 8)
labels = torch.arange(30).remainder(10)
results = train([spec(0.0), spec(1.0)], Arrays(images, labels, images, labels), device=torch.device("cpu"))
print([result.status for result in results])
"""


def test_trainers_train_without_the_other_rooms_packages():
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "['complete', 'complete']"
