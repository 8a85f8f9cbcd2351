"""The examples of the README, of the documentation and of the notebook work as pasted."""

import ast
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


def run(source, names):
    """Runs a cell, and gives the value of its last line, as a notebook does."""
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    if not isinstance(last, ast.Expr):
        return exec(compile(ast.Module([last], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def run_notebook(name):
    """Runs the cells of a notebook: the names that they define, and of each cell of code the lines and the value."""
    names = {}
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    return names, [(lines, run("".join(lines), names)) for lines in sources]


def test_the_notebook_finds_and_explains_dead_units_in_ten_lines(capsys, monkeypatch, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    names, [(lines, first), *shown] = run_notebook("dead_relus")
    assert sum(bool(line.strip()) for line in lines) <= 11  # with the seed
    page = first._repr_html_()
    assert re.search(r"1, unit \d+: killed at step \d+ at a learning rate of 0\.1 by its ", page)
    assert "<svg" in page and "dead" in page
    assert "killed at step" in capsys.readouterr().out
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("Deaths step by step") == 1
    assert shown[1][1]["1"].sum() == 32
    assert shown[2][1].layers[0].dead
    assert names["model"][0].weight.dtype == torch.float32


def test_the_notebook_on_choosing_a_function_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, _ = run_notebook("choosing_an_activation")
    assert "dead before the first step; the initial bias, −4, is why" in capsys.readouterr().out
    assert [row["name"] for row in names["result"].activations] == ["sigmoid", "tanh", "relu"]
    assert (tmp_path / "choice.html").exists()


def test_the_notebook_on_quantising_runs(capsys):
    names, _ = run_notebook("quantising_for_a_microcontroller")
    assert re.search(r"8 scales, min-max output \d+\.\d dB", capsys.readouterr().out)
    assert (names["folder"] / "quantisation.html").exists()


def test_every_notebook_is_run():
    here = Path(__file__).read_text(encoding="utf-8")
    assert all(f'run_notebook("{notebook.stem}")' in here for notebook in NOTEBOOKS.glob("*.ipynb"))
