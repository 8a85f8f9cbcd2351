"""Writes excite/_native.pyi from the native module itself: `python tests/stubs.py`. A test compares the two."""

import inspect
from pathlib import Path

from excite import _native

PATH = Path(__file__).parent.parent / "excite" / "_native.pyi"
HEAD = '''"""What the native half has. Written by tests/stubs.py."""

from typing import Any

__all__ = [
'''
VITALS = """
class NativeVitals:
    def __new__(cls, model: str) -> NativeVitals: ...
    @staticmethod
    def from_bytes(content: bytes) -> NativeVitals: ...
    def add_layer(self, name: str, function: str, units: int, role: str) -> None: ...
    def set_role(self, layer: int, role: str) -> None: ...
    def update(self, layer: int, z: Any, a: Any, positions: int, samples: int | None) -> None: ...
    def update_gradient(self, layer: int, gradient: Any, fan_in: int) -> None: ...
    def update_step(self, layer: int, ratio: float) -> None: ...
    def update_inputs(self, values: Any, features: int, positions: int) -> None: ...
    def add_run(self) -> None: ...
    def merge(self, other: NativeVitals) -> None: ...
    def save(self, path: str) -> None: ...
    def to_bytes(self) -> bytes: ...
    def to_json(self) -> str: ...
    def diagnosis(self, weights: str | None) -> str: ...
"""
CONSTANTS = {"PYTORCH": "dict[str, str]"}
KINDS = {"axis": "int", "threads": "int | None"}


def stub(name: str) -> str:
    function = getattr(_native, name)
    shown = []
    has_star = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not has_star:
            shown.append("*")
            has_star = True
        kind = "float" if isinstance(parameter.default, float) else KINDS.get(parameter.name, "Any")
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        shown.append(f"{parameter.name}: {kind}{default}")
        if parameter.kind is parameter.POSITIONAL_ONLY:
            shown.append("/")
    result = {"set_threads": "None", "get_threads": "int"}.get(name, "Any")
    return f"def {name}({', '.join(shown)}) -> {result}: ...\n"


def stubs() -> str:
    names = list(_native.__all__)
    listed = "".join(f'    "{name}",\n' for name in names)
    functions = "".join(stub(name) for name in names if name != "NativeVitals" and name not in CONSTANTS)
    constants = "".join(f"{name}: {kind}\n" for name, kind in CONSTANTS.items())
    return f"{HEAD}{listed}]\n\n{constants}{functions}{VITALS}"


if __name__ == "__main__":
    PATH.write_text(stubs())
