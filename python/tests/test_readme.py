"""The examples of the README, of the documentation and of the notebook work as pasted."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "python" / "notebooks"


def examples(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_a_function_and_its_gradient_as_in_the_readme():
    names = {}
    exec(examples("README.md")[0], names)
    assert names["y"].tolist() == pytest.approx([-0.158655, 0.0, 0.841345], abs=1e-6)
    assert names["dx"].tolist() == pytest.approx([-0.083315, 0.5, 1.083315], abs=1e-6)


def test_a_training_is_watched_as_in_the_readme(capsys):
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train(model, optimizer):
        for _ in range(20):
            optimizer.zero_grad()
            model(torch.randn(64, 4)).square().mean().backward()
            optimizer.step()

    exec(examples("README.md")[1], {"model": model, "optimizer": optimizer, "train": train})
    assert capsys.readouterr().out.strip()


def test_the_page_of_the_index_has_the_same_examples():
    assert examples("python/README.md") == examples("README.md")


def test_the_first_python_example_works_as_pasted(capsys):
    exec(examples("docs/how-to/python.md")[0], {})
    assert "dead" in capsys.readouterr().out


def test_dead_units_are_found_as_pasted(capsys):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    exec(examples("docs/tutorials/pytorch.md")[0], {})
    shown = capsys.readouterr().out
    assert re.search(r"1, unit \d+: killed at step \d+ at a learning rate of 0\.1 by its ", shown)
    assert "dead" in shown or "passed no gradient" in shown


def run_notebook(name):
    """Runs the cells of a notebook, and gives the names that they define."""
    names = {}
    for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    return names


def test_the_notebook_on_dead_relus_runs(capsys):
    torch = pytest.importorskip("torch")
    names = run_notebook("dead_relus")
    assert "killed at step" in capsys.readouterr().out
    assert "<li>1, unit" in names["report"]._repr_html_()
    assert names["model"][0].weight.dtype == torch.float32


def test_the_notebook_on_choosing_a_function_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_notebook("choosing_an_activation")
    assert "dead before the first step; the initial bias, −4, is why" in capsys.readouterr().out
    assert [row["name"] for row in names["result"].activations] == ["sigmoid", "tanh", "relu"]
    assert (tmp_path / "choice.html").exists()


def test_the_notebook_on_quantising_runs(capsys):
    names = run_notebook("quantising_for_a_microcontroller")
    assert re.search(r"8 scales, min-max output \d+\.\d dB", capsys.readouterr().out)
    assert (names["folder"] / "quantisation.html").exists()


def test_every_notebook_is_run():
    here = Path(__file__).read_text(encoding="utf-8")
    assert all(f'run_notebook("{notebook.stem}")' in here for notebook in NOTEBOOKS.glob("*.ipynb"))
