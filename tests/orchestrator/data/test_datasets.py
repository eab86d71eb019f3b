"""Data sets are decoded right, once, and only when they are whole."""

import gzip
import hashlib
import io
import multiprocessing
import os
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sklearn
import torch
from PIL import Image
from sklearn.datasets import load_digits

from orchestrator.base.errors import DataError
from orchestrator.data import datasets, decoded
from orchestrator.data.datasets import Prepared
from orchestrator.data.decoded import Known
from orchestrator.data.digits import read_digits
from orchestrator.data.parquet import decode_image
from orchestrator.data.torchvision_files import IDX_FILES
from specs.datasets import DATASETS
from tests.work import counted
from trainers.data import read, write

COUNTS = (12, 5)
DIGITS = Path(sklearn.__file__).parent / "datasets" / "data" / "digits.csv.gz"
SHAPES = {"fashion_mnist": (28, 28), "cifar10": (32, 32, 3), "cifar100": (32, 32, 3)}
COLUMNS = {"fashion_mnist": ("image", "label"), "cifar10": ("img", "label"), "cifar100": ("img", "fine_label")}
REAL = Path(os.environ.get("ENSWEEP_DATASETS", Path(__file__).parents[4] / "shared" / "datasets"))


def images_and_labels(name: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, *SHAPES[name]), dtype=np.uint8)
    return images, generator.integers(0, 10, count)


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def write_parquet(path: Path, name: str, images: np.ndarray, labels: np.ndarray) -> None:
    image, label = COLUMNS[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"bytes": png(pixels), "path": None} for pixels in images]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({image: pa.array(rows, kind), label: pa.array(labels)}), path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Small data sets in the hub's layout; Fashion-MNIST's training split has two files."""
    for name in SHAPES:
        images, labels = images_and_labels(name, COUNTS[0], seed=0)
        write_parquet(tmp_path / "root" / name / "train-00000-of-00002.parquet", name, images[:7], labels[:7])
        write_parquet(tmp_path / "root" / name / "train-00001-of-00002.parquet", name, images[7:], labels[7:])
        images, labels = images_and_labels(name, COUNTS[1], seed=1)
        write_parquet(tmp_path / "root" / name / "test-00000-of-00001.parquet", name, images, labels)
    return tmp_path / "root"


@pytest.fixture
def load(root: Path, tmp_path: Path) -> Callable[..., Prepared]:
    def load(name: str = "fashion_mnist", counts: tuple[int, int] = COUNTS) -> Prepared:
        return datasets.load(name, root, tmp_path / "cache", counts)

    return load


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every download is refused at once."""
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("name", SHAPES)
def test_parquet_images_are_decoded_exactly(load: Callable[..., Prepared], name: str) -> None:
    arrays = load(name).arrays
    images, labels = images_and_labels(name, COUNTS[0], seed=0)
    expected = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    assert torch.equal(arrays.train_images, torch.from_numpy(expected.copy()))
    assert torch.equal(arrays.train_labels, torch.from_numpy(labels))
    assert arrays.test_images.shape[0] == COUNTS[1]


def test_digits_need_no_files(tmp_path: Path) -> None:
    arrays = datasets.load("digits", None, tmp_path).arrays
    assert arrays.train_images.shape == (1437, 1, 8, 8)
    assert arrays.test_images.shape == (360, 1, 8, 8)
    assert arrays.train_images.dtype == torch.uint8
    assert (int(arrays.train_images.min()), int(arrays.train_images.max())) == (0, 16)
    assert arrays.train_labels[:5].tolist() == [0, 1, 2, 3, 4]
    assert arrays.train_images[0, 0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_the_digits_are_scikit_learn_s_own() -> None:
    bunch = load_digits()
    arrays = read_digits(DIGITS)
    assert torch.equal(
        torch.cat([arrays.train_images, arrays.test_images])[:, 0], torch.from_numpy(bunch.images).byte()
    )
    assert torch.equal(torch.cat([arrays.train_labels, arrays.test_labels]), torch.from_numpy(bunch.target))
    for labels, counts in zip((arrays.train_labels, arrays.test_labels), DATASETS["digits"].class_counts, strict=True):
        assert tuple(labels.bincount().tolist()) == counts


def test_a_damaged_file_of_digits_is_named(tmp_path: Path) -> None:
    path = tmp_path / "digits.csv.gz"
    content = DIGITS.read_bytes()
    plain = gzip.decompress(content)
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    for damaged in (b"", content[:5], content[: len(content) // 2], content[:-1], bytes(flipped), plain, b"\x1f\x8b"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"digits.csv.gz: .*reinstall scikit-learn"):
            read_digits(path)
    for table in (plain[: len(plain) // 2].rpartition(b"\n")[0], b"1,2\n"):
        path.write_bytes(gzip.compress(table))
        with pytest.raises(DataError, match=r"\(\d+, \d+\) rows and columns, expected \(1797, 65\)"):
            read_digits(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(DataError, match="Is a directory"):
        read_digits(path)


def test_the_second_load_reads_the_cache(load: Callable[..., Prepared]) -> None:
    first = load()
    written = first.path.stat().st_mtime_ns
    second = load()
    assert second.path.stat().st_mtime_ns == written
    assert second.fingerprint == first.fingerprint == first.arrays.fingerprint()
    assert read(first.path).fingerprint() == first.fingerprint


@pytest.mark.parametrize("position", [3, 200, -1])
@pytest.mark.parametrize("damage", ["flip", "truncate", "fingerprint", "empty"])
def test_a_damaged_cache_is_rebuilt(load: Callable[..., Prepared], damage: str, position: int) -> None:
    first = load()
    content = bytearray(first.path.read_bytes())
    if damage == "flip":
        content[position] ^= 1
        first.path.write_bytes(content)
    elif damage == "truncate":
        first.path.write_bytes(content[:position])
    elif damage == "empty":
        first.path.write_bytes(b"")
    else:
        first.path.with_suffix(".fingerprint").write_bytes(b"\xff")
    assert load().fingerprint == first.fingerprint
    assert read(first.path).fingerprint() == first.fingerprint


def test_other_source_files_are_decoded_anew(load: Callable[..., Prepared], root: Path) -> None:
    first = load()
    write_parquet(
        root / "fashion_mnist" / "test-00000-of-00001.parquet",
        "fashion_mnist",
        *images_and_labels("fashion_mnist", COUNTS[1], seed=2),
    )
    second = load()
    assert second.path != first.path
    assert second.fingerprint != first.fingerprint


def test_each_damaged_parquet_file_is_named(load: Callable[..., Prepared], root: Path) -> None:
    path = root / "fashion_mnist" / "train-00001-of-00002.parquet"
    content = path.read_bytes()
    for cut in (0, 3, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        with pytest.raises(DataError, match=r"train-00001-of-00002.parquet: is no whole Parquet file.*fetch it again"):
            load()


def test_an_image_that_is_no_image_is_named_with_its_row(load: Callable[..., Prepared], root: Path) -> None:
    path = root / "cifar10" / "test-00000-of-00001.parquet"
    table = pq.read_table(path).to_pylist()
    table[3]["img"]["bytes"] = table[3]["img"]["bytes"][:60]
    pq.write_table(pa.Table.from_pylist(table), path)
    with pytest.raises(DataError, match=r"test-00000-of-00001.parquet: row 3: the image cannot be decoded"):
        load("cifar10")


def test_an_image_of_another_shape_is_named(load: Callable[..., Prepared], root: Path) -> None:
    path = root / "cifar10" / "test-00000-of-00001.parquet"
    images, labels = images_and_labels("fashion_mnist", COUNTS[1], seed=1)
    write_parquet(path, "cifar10", images, labels)
    with pytest.raises(DataError, match=r"row 0: the image is L 28×28, expected RGB 32×32"):
        load("cifar10")


def test_a_bomb_and_an_image_of_another_format_are_not_decoded(load: Callable[..., Prepared], root: Path) -> None:
    path = root / "cifar10" / "test-00000-of-00001.parquet"
    table = pq.read_table(path).to_pylist()
    gigabytes = io.BytesIO()
    Image.new("L", (9_000, 9_000)).save(gigabytes, "PNG")
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n%%EndComments\n(ran) (w) file\n"
    for content, message in (
        (gigabytes.getvalue(), "row 3: the image is L 9000×9000, expected RGB 32×32"),
        (postscript, "row 3: the image is no whole PNG or JPEG file: 78 bytes that begin with b'%!PS-Ado'"),
    ):
        table[3]["img"]["bytes"] = content
        pq.write_table(pa.Table.from_pylist(table), path)
        with pytest.raises(DataError, match=message):
            load("cifar10")


def test_any_flipped_byte_of_an_image_is_decoded_or_named(load: Callable[..., Prepared], root: Path) -> None:
    generator = np.random.default_rng(0)
    whole = png(images_and_labels("cifar10", 1, seed=0)[0][0])
    for position in generator.integers(0, len(whole), 300):
        damaged = bytearray(whole)
        damaged[position] = generator.integers(256)
        try:
            assert decode_image(bytes(damaged), (3, 32, 32), "here").shape == (3, 32, 32)
        except DataError as error:
            assert str(error).startswith("here: the image ")


def test_a_folder_in_place_of_a_file_and_the_reverse_are_named(
    load: Callable[..., Prepared], root: Path, idx_root: Path, tmp_path: Path
) -> None:
    path = root / "cifar10" / "test-00000-of-00001.parquet"
    path.unlink()
    path.mkdir()
    with pytest.raises(DataError, match=r"test-00000-of-00001.parquet: cannot be read: Is a directory"):
        load("cifar10")
    shutil.rmtree(root / "cifar100")
    (root / "cifar100").write_text("")
    with pytest.raises(DataError, match=r"cifar100: is a file, expected a folder with train-\*.parquet"):
        load("cifar100")
    for file in IDX_FILES:
        raw = idx_root / "FashionMNIST" / "raw" / file
        content = raw.read_bytes()
        raw.unlink()
        raw.mkdir()
        with pytest.raises(DataError, match=f"{file}: is a folder, expected a file"):
            datasets.load("fashion_mnist", idx_root, tmp_path / "cache", COUNTS)
        raw.rmdir()
        raw.write_bytes(content)


def test_swapped_splits_are_named_with_what_was_found_and_expected(load: Callable[..., Prepared], root: Path) -> None:
    for name in SHAPES:
        train, test = (root / name / f"{split}-00000-of-00001.parquet" for split in ("train", "test"))
        for part in (root / name).glob("train-*"):
            part.unlink()
        write_parquet(train, name, *images_and_labels(name, COUNTS[1], seed=1))
        write_parquet(test, name, *images_and_labels(name, COUNTS[0], seed=0))
        with pytest.raises(DataError, match=rf"{train}: training images of {name} have shape \(5, .*, expected \(12, "):
            load(name)


def test_a_missing_column_is_named_with_those_there_are(load: Callable[..., Prepared], root: Path) -> None:
    path = root / "cifar100" / "test-00000-of-00001.parquet"
    pq.write_table(pq.read_table(path).rename_columns(["img", "coarse_label"]), path)
    with pytest.raises(DataError, match=r"has columns img, coarse_label; expected one called fine_label"):
        load("cifar100")


def test_labels_out_of_range_and_fractions_are_refused(load: Callable[..., Prepared], root: Path) -> None:
    path = root / "fashion_mnist" / "test-00000-of-00001.parquet"
    images, labels = images_and_labels("fashion_mnist", COUNTS[1], seed=1)
    write_parquet(path, "fashion_mnist", images, labels + 1 - labels.min() + 9)
    with pytest.raises(DataError, match=r"test labels of fashion_mnist go from 10 to \d+, expected 0 to 9"):
        load()
    write_parquet(path, "fashion_mnist", images, labels / 2)
    with pytest.raises(
        DataError, match=r"column label of type double: row 0 has the label \d\.\d; expected whole numbers from 0 on"
    ):
        load()


def moved(root: Path, name: str, to: Callable[[Path, str, Path], Path]) -> None:
    """Move a data set's files: ``to`` tells where, by folder, split and present path."""
    folder = root / name
    for path in sorted(folder.glob("*.parquet")):
        target = to(folder, path.name.split("-")[0], path)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


@pytest.mark.parametrize(
    "to",
    [
        lambda folder, split, path: folder / "plain_text" / path.name,
        lambda folder, split, path: folder / "plain_text" / split / f"{path.name.split('-')[1]}.parquet",
        lambda folder, split, path: folder / split / path.name,
    ],
)
def test_the_hub_s_other_layouts_hold_the_same_data(
    load: Callable[..., Prepared], root: Path, to: Callable[[Path, str, Path], Path]
) -> None:
    before = load().fingerprint
    moved(root, "fashion_mnist", to)
    assert load().fingerprint == before


def test_one_file_a_split_needs_no_number(load: Callable[..., Prepared], root: Path) -> None:
    before = load().fingerprint
    folder = root / "fashion_mnist"
    for split in ("train", "test"):
        parts = sorted(folder.glob(f"{split}-*"))
        whole = pa.concat_tables([pq.read_table(part) for part in parts])
        for part in parts:
            part.unlink()
        pq.write_table(whole, folder / f"{split}.parquet")
    assert load().fingerprint == before


def test_files_that_are_not_where_they_are_looked_for_are_named_with_the_way_out(
    load: Callable[..., Prepared], root: Path, tmp_path: Path
) -> None:
    def refused(folder: Path, message: str, name: str = "fashion_mnist") -> None:
        with pytest.raises(DataError, match=message):
            datasets.load(name, folder, tmp_path / "cache", COUNTS)

    refused(root / "fashion_mnist", rf"holds the files of fashion_mnist itself; .* --data-root {root}$")
    refused(root / "cifar10", rf"holds the files of cifar10 itself; .* --data-root {root}$")
    shutil.copytree(root / "cifar10", root / "mine")
    refused(root / "mine", r"mine holds Parquet files itself; move them into .*mine/fashion_mnist")
    (root / "fashion_mnist" / "train-00001-of-00002.parquet").rename(tmp_path / "elsewhere.parquet")
    refused(root, r"lacks train-00001-of-00002.parquet; train-00000-of-00002.parquet says that there are 2")
    shutil.copytree(root / "cifar10", root / "cifar10" / "copy")
    refused(root, r"Parquet files lie in several folders, .*cifar10, .*cifar10/copy; keep those of one", "cifar10")
    shutil.rmtree(root / "cifar100")
    (root / "cifar100").mkdir()
    for name in "abcd":
        (root / "cifar100" / f"{name}.csv").touch()
    refused(root, r"cifar100 holds a.csv, b.csv, c.csv, 1 more, and no Parquet files of two splits", "cifar100")


def rewritten(path: Path, column: str, values: list[object], kind: pa.DataType) -> None:
    """Give a column of a Parquet file other values of another type."""
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(column), column, pa.array(values, kind)), path)


def test_plain_bytes_and_jpeg_are_read(load: Callable[..., Prepared], root: Path) -> None:
    before = load("cifar10").arrays
    path = root / "cifar10" / "test-00000-of-00001.parquet"
    images, _ = images_and_labels("cifar10", COUNTS[1], seed=1)
    for kind in (pa.binary(), pa.large_binary()):
        rewritten(path, "img", [png(image) for image in images], kind)
        assert torch.equal(load("cifar10").arrays.test_images, before.test_images)
    files = [io.BytesIO() for _ in images]
    for file, image in zip(files, images, strict=True):
        Image.fromarray(image).save(file, "JPEG", quality=95)
    rewritten(path, "img", [file.getvalue() for file in files], pa.binary())
    jpeg = load("cifar10").arrays.test_images
    theirs = torch.from_numpy(np.stack([np.asarray(Image.open(file)) for file in files])).permute(0, 3, 1, 2)
    assert torch.equal(jpeg, theirs)


@pytest.mark.parametrize(
    ("column", "values", "kind", "message"),
    [
        ("img", [{"bytes": None, "path": "a.png"}] * 5, pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
         r"column img of type struct.*: row 0 has the path 'a.png' and no bytes; expected the bytes of a PNG"),
        ("img", [None] * 5, pa.binary(), r"column img of type binary: row 0 has no image"),
        ("img", ["a.png"] * 5, pa.string(), r"column img has the type string; expected the bytes of PNG or JPEG"),
        ("img", [[1, 2]] * 5, pa.list_(pa.int64()), r"column img has the type list.*; expected the bytes"),
        ("img", [b"GIF89a.."] * 5, pa.binary(), r"row 0: the image is no whole PNG or JPEG file: 8 bytes that begin"),
        ("label", [0, 1, None, 3, 4], pa.int64(), r"column label of type int64: row 2 has no label"),
        ("label", ["0", "cat", "2", "3", "4"], pa.string(), r"column label of type string: row 0 has the label '0'"),
        ("label", [0.0, 1.5, 2.0, 3.0, 4.0], pa.float64(), r"column label of type double: row 0 has the label 0.0"),
        ("label", [True] * 5, pa.bool_(), r"column label of type bool: row 0 has the label True"),
    ],
)  # fmt: skip
def test_what_is_no_image_or_no_label_is_named_with_column_type_and_row(
    load: Callable[..., Prepared], root: Path, column: str, values: list[object], kind: pa.DataType, message: str
) -> None:
    rewritten(root / "cifar10" / "test-00000-of-00001.parquet", column, values, kind)
    with pytest.raises(DataError, match=f"test-00000-of-00001.parquet: {message}"):
        load("cifar10")


def test_a_failed_download_leaves_nothing_behind(tmp_path: Path, offline: None) -> None:
    for name, root in (("fashion_mnist", tmp_path / "a"), ("cifar10", tmp_path / "b"), ("cifar100", tmp_path / "b")):
        root.mkdir(exist_ok=True)
        with pytest.raises(DataError, match="could not be downloaded"):
            datasets.load(name, root, tmp_path / "cache")
        assert list(root.iterdir()) == []


def test_data_that_are_published_are_known_in_any_order_and_others_are_told(tmp_path: Path) -> None:
    digits = datasets.load("digits", None, tmp_path)
    facts = DATASETS["digits"]
    assert (digits.known.standing, digits.fingerprint) == ("published", facts.fingerprint)
    order = torch.randperm(facts.train, generator=torch.Generator().manual_seed(0))
    arrays = digits.arrays
    shuffled = replace(arrays, train_images=arrays.train_images[order], train_labels=arrays.train_labels[order])
    assert shuffled.fingerprint() != facts.fingerprint
    assert shuffled.content() == facts.content
    one_label = arrays.train_labels.clone()
    one_label[0] += 1
    one_pixel = arrays.test_images.clone()
    one_pixel[-1, 0, 0, 0] += 1
    for changed in (replace(arrays, train_labels=one_label), replace(arrays, test_images=one_pixel)):
        assert decoded.standing_of("digits", changed.content(), vouched_for=False) == "other"
    assert decoded.standing_of("cifar10", "x", vouched_for=False) == "unknown"
    assert decoded.standing_of("cifar10", "x", vouched_for=True) == "published"
    assert "not those of the published digits" in decoded.warning("digits", "other")
    assert {decoded.warning("digits", standing) for standing in ("published", "unknown")} == {""}


def test_another_number_of_images_is_refused(load: Callable[..., Prepared]) -> None:
    with pytest.raises(DataError, match=r"training images .* shape \(12, 1, 28, 28\), expected \(13, 1, 28, 28\)"):
        load(counts=(13, 5))


def test_a_missing_split_and_a_missing_folder_are_named(root: Path, tmp_path: Path) -> None:
    (root / "fashion_mnist" / "test-00000-of-00001.parquet").unlink()
    with pytest.raises(DataError, match=r"has no test-\*.parquet"):
        datasets.load("fashion_mnist", root, tmp_path / "cache", COUNTS)
    with pytest.raises(DataError, match="no such folder; create it, or mend --data-root"):
        datasets.load("fashion_mnist", tmp_path / "absent", tmp_path / "cache", COUNTS)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{array.ndim + 1}I", 0x800 + array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.fixture
def idx_root(tmp_path: Path) -> Path:
    folder = tmp_path / "idx" / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    arrays = (*images_and_labels("fashion_mnist", COUNTS[0], 0), *images_and_labels("fashion_mnist", COUNTS[1], 1))
    for file, array in zip(IDX_FILES, arrays, strict=True):
        (folder / file).write_bytes(idx(array))
    return tmp_path / "idx"


def test_torchvision_s_files_hold_the_same_data(load: Callable[..., Prepared], idx_root: Path, tmp_path: Path) -> None:
    from torchvision.datasets import FashionMNIST

    ours = datasets.load("fashion_mnist", idx_root, tmp_path / "cache", COUNTS)
    theirs = FashionMNIST(idx_root, train=True, download=False)
    assert torch.equal(ours.arrays.train_images[:, 0], theirs.data)
    assert torch.equal(ours.arrays.train_labels, theirs.targets)
    assert ours.fingerprint == load().fingerprint


@pytest.mark.parametrize("file", IDX_FILES)
def test_each_damaged_idx_file_is_named(idx_root: Path, tmp_path: Path, file: str) -> None:
    path = idx_root / "FashionMNIST" / "raw" / file
    content = path.read_bytes()
    for damaged, expected in (
        (content[:-1], f"{len(content) - 1:,} bytes, expected {len(content):,}"),
        (content[:6], "bytes, expected"),
        (b"", "begins with 0, expected 20"),
        (gzip.compress(content), "begins with 529205248, expected 20"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=f"{file}: .*delete the file and run again to download it") as caught:
            datasets.load("fashion_mnist", idx_root, tmp_path / "cache", COUNTS)
        assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (0, 2, "{0}: training images of fashion_mnist have shape (5, 1, 28, 28), expected (12, 1, 28, 28)"),
        (1, 3, "{1}: 5 training labels of fashion_mnist, expected 12"),
        (0, 1, "{0}: begins with 2049, expected 2051"),
        (2, 3, "{2}: begins with 2049, expected 2051"),
    ],
)
def test_swapped_idx_files_are_named(idx_root: Path, tmp_path: Path, one: int, other: int, message: str) -> None:
    paths = [idx_root / "FashionMNIST" / "raw" / file for file in IDX_FILES]
    first, second = paths[one].read_bytes(), paths[other].read_bytes()
    paths[one].write_bytes(second)
    paths[other].write_bytes(first)
    with pytest.raises(DataError) as caught:
        datasets.load("fashion_mnist", idx_root, tmp_path / "cache", COUNTS)
    assert str(caught.value).startswith(message.format(*paths))


def published_in_shape(name: str, folder: Path) -> tuple[Path, np.ndarray]:
    """Blank images and labels in the published numbers as idx files; where the training labels are, and they."""
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for split, total in (("train", DATASETS[name].train), ("t10k", DATASETS[name].test)):
        (raw / f"{split}-images-idx3-ubyte").write_bytes(idx(np.zeros((total, 28, 28))))
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(idx(np.arange(total) % 10))
    return raw / "train-labels-idx1-ubyte", np.arange(DATASETS[name].train) % 10


def test_labels_of_another_data_set_of_the_same_size_are_named_with_the_counts(tmp_path: Path) -> None:
    """MNIST has as many images as Fashion-MNIST, but 5,923 to 6,742 of each class."""
    path, labels = published_in_shape("fashion_mnist", tmp_path)
    mnist = np.repeat(np.arange(10), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    one_wrong, none_of_the_last = labels.copy(), np.arange(60_000) % 9
    one_wrong[0] = 1
    for wrong, number, found in ((mnist, 0, 5923), (one_wrong, 0, 5999), (none_of_the_last, 0, 6667)):
        path.write_bytes(idx(wrong))
        with pytest.raises(DataError) as caught:
            datasets.load("fashion_mnist", tmp_path, tmp_path / "cache")
        assert str(caught.value) == (
            f"{path}: {found} training images of fashion_mnist have label {number}, expected 6000; "
            "are these another data set's labels?"
        )
    path.write_bytes(idx(labels))
    assert datasets.load("fashion_mnist", tmp_path, tmp_path / "cache").arrays.train_labels.shape == (60_000,)


def test_the_classes_of_a_cached_data_set_are_counted_too(tmp_path: Path) -> None:
    """As where an earlier version, that did not count, left it there."""
    published_in_shape("fashion_mnist", tmp_path)
    prepared = datasets.load("fashion_mnist", tmp_path, tmp_path / "cache")
    prepared.arrays.train_labels[0] = 1
    write(prepared.arrays, prepared.path)
    decoded.record(prepared.path, Known(prepared.arrays.fingerprint(), "other"))
    with pytest.raises(DataError, match="5999 training images of fashion_mnist have label 0, expected 6000"):
        datasets.load("fashion_mnist", tmp_path, tmp_path / "cache")


def test_published_class_counts_add_up() -> None:
    for facts in DATASETS.values():
        assert [len(counts) for counts in facts.class_counts] == [facts.classes] * 2
        assert tuple(map(sum, facts.class_counts)) == (facts.train, facts.test)


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("fashion_mnist", "FashionMNIST/raw/train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("cifar10", "cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
        ("cifar100", "cifar-100-python/train", "16019d7e3df5f24257cddd939b257f8d"),
    ],
)
def test_a_cut_download_is_named_where_it_cannot_be_fetched_again(
    name: str, file: str, expected: str, tmp_path: Path, offline: None
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(bytes(1_000))[:12])
    found = hashlib.md5(path.read_bytes()).hexdigest()
    with pytest.raises(DataError) as caught:
        datasets.load(name, tmp_path, tmp_path / "cache")
    assert str(caught.value).startswith(f"{path}: 12 bytes with MD5 {found}, expected {expected}; it is damaged and")
    assert "could not be downloaded" in str(caught.value)


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10", "cifar100"])
def test_without_a_network_the_way_out_is_named(name: str, tmp_path: Path, offline: None) -> None:
    with pytest.raises(DataError, match=f"{name} is not in .* could not be downloaded: .*\n.*point --data-root at"):
        datasets.load(name, None, tmp_path)


def test_a_cache_that_cannot_be_written_is_named(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="must be writable"):
        datasets.load("fashion_mnist", root, tmp_path / "file", COUNTS)


def _load_and_tell(root: Path, cache: Path, told: "multiprocessing.Queue[tuple[str, int]]") -> None:
    torch.set_num_threads(1)  # a fork lacks the threads that its parent's work is spread over
    prepared = datasets.load("fashion_mnist", root, cache, COUNTS)
    told.put((prepared.fingerprint, prepared.path.stat().st_mtime_ns))


def test_two_processes_decode_once(root: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    told: multiprocessing.Queue[tuple[str, int]] = context.Queue()
    processes = [context.Process(target=_load_and_tell, args=(root, tmp_path / "cache", told)) for _ in range(2)]
    for process in processes:
        process.start()
    answers = {told.get(timeout=120) for _ in processes}
    for process in processes:
        process.join()
    assert len(answers) == 1
    assert sorted(path.suffix for path in (tmp_path / "cache" / "decoded").iterdir()) == [
        ".fingerprint",
        ".safetensors",
    ]


def _real(name: str, cache: Path) -> Prepared:
    if not (REAL / name).is_dir():
        pytest.skip(f"no {name} in {REAL}; name its folder in ENSWEEP_DATASETS")
    return datasets.load(name, REAL, cache)


@pytest.mark.datasets
@pytest.mark.parametrize(
    ("name", "mean", "sd"),
    [
        ("fashion_mnist", [0.2860], [0.3530]),
        ("cifar100", [0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762]),
    ],
)
def test_the_real_images_have_the_published_mean_and_deviation(
    name: str, mean: list[float], sd: list[float], tmp_path: Path
) -> None:
    prepared = _real(name, tmp_path)
    channels = prepared.arrays.train_images.transpose(0, 1).flatten(1)
    shares = torch.stack([channel.bincount(minlength=256) for channel in channels]).double() / channels.shape[1]
    values = torch.arange(256).double() / 255
    means = shares @ values
    assert means.tolist() == pytest.approx(mean, abs=6e-5)
    assert (shares @ values**2 - means**2).sqrt().tolist() == pytest.approx(sd, abs=6e-5)
    labels = (prepared.arrays.train_labels, prepared.arrays.test_labels)
    assert tuple(tuple(each.bincount().tolist()) for each in labels) == DATASETS[name].class_counts
    with counted() as work:
        assert datasets.load(name, REAL, tmp_path).fingerprint == prepared.fingerprint
    assert work.calls < len(labels[1]), "images were decoded again, each by a call or more"
