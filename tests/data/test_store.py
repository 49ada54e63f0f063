import numpy as np
import pytest

from crosstie.data.batch import Batch, Categories, Date, Layout, Output, Tokens, Vector
from crosstie.data.store import BatchStore

LAYOUT = Layout(
    numbers=("a", "b"),
    categories=(Categories("c", 9),),
    tokens=(Tokens("t", "tokens_0", "text", 50, 4),),
    vectors=(Vector("v", "vector_0", 3),),
    dates=(Date("d", "date_0", 5),),
    outputs=(
        Output("n", "output_0", "number", 1),
        Output("y", "output_1", "binary", 1),
        Output("k", "output_2", "category", 3),
        Output("s/et", "output_3", "set", 2),
    ),
)


def batch(rows):
    rng = np.random.default_rng(0)
    inputs = {
        name: rng.integers(0, 9, (rows, *shape)).astype(dtype)
        for name, (dtype, shape) in LAYOUT.inputs.items()
    }
    targets = {
        "n": rng.normal(size=rows).astype(np.float32),
        "y": np.ones(rows, np.float32),
        "k": rng.integers(0, 3, rows),
        "s/et": rng.integers(0, 2, (rows, 2)).astype(np.float32),
    }
    return Batch(inputs, targets, rng.random(rows).astype(np.float32))


def fill(whole, folder, rows):
    store = BatchStore(LAYOUT, rows=rows, weighted=True, folder=folder)
    for start in range(0, len(whole), 40):
        store.append(whole.take(slice(start, start + 40)))
    return store


@pytest.mark.parametrize("mapped", [False, True])
def test_chunks_make_the_bytes_of_the_whole(tmp_path, mapped):
    whole = batch(100)
    found = fill(whole, tmp_path / "store" if mapped else None, rows=130).finish()
    assert len(found) == 100
    for kind in ("inputs", "targets"):
        mine, its = getattr(found, kind), getattr(whole, kind)
        assert list(mine) == list(its)
        for name in its:
            assert mine[name].dtype == its[name].dtype
            assert mine[name].tobytes() == its[name].tobytes()
            assert isinstance(mine[name], np.memmap) == mapped
    assert found.weights.tobytes() == whole.weights.tobytes()


def test_a_file_has_its_name_only_when_it_is_complete(tmp_path):
    store = fill(batch(10), tmp_path, rows=10)
    assert {each.suffix for each in tmp_path.iterdir()} == {".part"}
    store.finish()
    assert {each.suffix for each in tmp_path.iterdir()} == {".npy"}
    np.testing.assert_array_equal(np.load(tmp_path / "targets.2.npy"), batch(10).targets["k"])


def test_mapped_arrays_cannot_be_changed(tmp_path):
    found = fill(batch(10), tmp_path, rows=10).finish()
    with pytest.raises(ValueError, match="read-only"):
        found.inputs["numbers"][0] = 1


def test_no_rows_are_no_files(tmp_path):
    store = BatchStore(LAYOUT, rows=0, weighted=False, folder=tmp_path)
    assert len(store.finish()) == 0
    assert list(tmp_path.iterdir()) == []
