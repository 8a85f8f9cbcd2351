"""The examples of the README and the notebook work as pasted."""

import json
import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "dead_relus.ipynb"
SECTION = README.read_text(encoding="utf-8").split("\n## Python\n")[1].split("\n## ")[0]
EXAMPLES = re.findall(r"```python\n(.*?)```", SECTION, flags=re.DOTALL)


def test_the_quick_start_works_as_pasted(capsys):
    exec(EXAMPLES[0], {})
    assert "dead" in capsys.readouterr().out


def test_dead_units_are_found_as_pasted(capsys):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    exec(EXAMPLES[1], {})
    shown = capsys.readouterr().out
    assert re.search(r"1, unit \d+: killed at step \d+ at a learning rate of 0\.1 by its ", shown)
    assert "dead" in shown or "passed no gradient" in shown


def test_the_notebook_runs(capsys):
    torch = pytest.importorskip("torch")
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert "killed at step" in capsys.readouterr().out
    assert "<li>1, unit" in names["report"]._repr_html_()
    assert names["model"][0].weight.dtype == torch.float32
