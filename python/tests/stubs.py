"""Writes excite/_native.pyi from the native module itself: `python tests/stubs.py`. A test compares the two."""

import inspect
from pathlib import Path

from excite import _native

PATH = Path(__file__).parent.parent / "excite" / "_native.pyi"
HEAD = '''"""What the native half has. Written by tests/stubs.py."""

from typing import Any

__all__ = [
'''
NATIVE = """
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
    def diagnosis(self, weights: str | None, in_training: bool) -> str: ...

class NativeData:
    @staticmethod
    def random(seed: int, sizes: dict[str, int]) -> NativeData: ...
    @staticmethod
    def files(paths: list[str], pictures: Any, raw: tuple[list[int], str] | None) -> NativeData: ...
    @staticmethod
    def arrays(name: str, arrays: list[tuple[str, Any]]) -> NativeData: ...
    def limited(self, samples: int | None, batch: int) -> NativeData: ...

class NativeModel:
    @staticmethod
    def open(
        path: str, unit_axes: list[tuple[str | None, int]], engine: str, onnxruntime: str | None
    ) -> NativeModel: ...
    @staticmethod
    def from_bytes(content: bytes, name: str, unit_axes: list[tuple[str | None, int]]) -> NativeModel: ...

class NativeChecked:
    def json(self) -> str: ...
    def html(self) -> str: ...
    def vitals(self) -> NativeVitals: ...

class NativeDataset:
    @staticmethod
    def digits(options: dict[str, Any]) -> NativeDataset: ...
    @staticmethod
    def open(path: str, options: dict[str, Any]) -> NativeDataset: ...
    @staticmethod
    def arrays(name: str, x: bytes, y: bytes, options: dict[str, Any]) -> NativeDataset: ...

def check_model(
    model: NativeModel, data: NativeData, baseline: str | None, ablate: bool, progress: Any
) -> NativeChecked: ...
def merge_files(files: list[str], model: str | None) -> NativeChecked: ...
def quantise_model(
    model: NativeModel,
    data: NativeData,
    bits: list[int],
    cap: float,
    formats: list[str],
    simulate: bool,
    labels: list[int] | None,
    progress: Any,
) -> tuple[str, str]: ...
def compare_functions(
    data: NativeDataset,
    plan: dict[str, Any],
    folder: str | None,
    fresh: bool,
    jobs: int | None,
    save_networks: str | None,
    progress: Any,
) -> tuple[str, str]: ...
def next_runs(data: NativeDataset, plan: dict[str, Any], folder: str, fresh: bool) -> list[str]: ...
def train_run(data: NativeDataset, plan: dict[str, Any], key: str, folder: str, progress: Any) -> None: ...
def run_program(arguments: list[str]) -> int: ...
"""
CONSTANTS = {"INTERNAL": "list[str]", "PYTORCH": "dict[str, str]"}
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
    functions = "".join(stub(name) for name in names if name not in _native.INTERNAL)
    constants = "".join(f"{name}: {kind}\n" for name, kind in CONSTANTS.items())
    return f"{HEAD}{listed}]\n\n{constants}{functions}{NATIVE}"


if __name__ == "__main__":
    PATH.write_text(stubs())
