"""House rule a machine can check: nothing that is read is ever run.

No pickle, no eval, no code that comes with a model: in the package, its entry and its benchmarks.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    [
        *(ROOT / "selfinstruct").rglob("*.py"),
        *(ROOT / "benchmarks").rglob("*.py"),
        ROOT / "train.py",
    ]
)

MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "diskcache"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
CALLS = {
    "torch.load",
    "torch.hub.load",
    "os.system",
    "os.popen",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "pandas.read_pickle",
}
SWITCHES = {"trust_remote_code", "allow_pickle", "shell"}
"""Arguments that may be given as False and no other way."""


def faults(source: str) -> Iterator[str]:
    """What of the forbidden stands in a source, by name."""
    tree = ast.parse(source)
    names = _imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from {alias.name.split(".")[0] for alias in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom):
            yield from {(node.module or "").split(".")[0]} & MODULES
        elif isinstance(node, ast.Constant):
            yield from {node.value} & SWITCHES if isinstance(node.value, str) else ()
        elif isinstance(node, ast.keyword):
            off = isinstance(node.value, ast.Constant) and node.value.value is False
            yield from {node.arg or ""} & SWITCHES if not off else ()
        elif isinstance(node, (ast.Name, ast.Attribute)):
            yield from {_dotted(node, names)} & (BUILTINS | CALLS)


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """What a name of the file stands for, where it was imported under another."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            found |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
    return found


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_read_is_run(path: Path) -> None:
    assert list(faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pickle", ["pickle"]),
        ("def f():\n    from joblib.numpy_pickle import load", ["joblib"]),
        ("eval('1')", ["eval"]),
        ("run = exec", ["exec"]),
        ("torch.load(p)", ["torch.load"]),
        ("import torch as t\nt.load(p)", ["torch.load"]),
        ("from torch import load as read\nread(p)", ["torch.load"]),
        ("f(trust_remote_code=True)", ["trust_remote_code"]),
        ("f(trust_remote_code=cfg.trust)", ["trust_remote_code"]),
        ("f(**{'trust_remote_code': True})", ["trust_remote_code"]),
        ("np.load(p, allow_pickle=True)", ["allow_pickle"]),
        ("subprocess.run(c, shell=True)", ["shell"]),
        ("yaml.load(t, Loader=L)", ["yaml.load"]),
        ("f(trust_remote_code=False)", []),
        ("model.eval(); re.compile('a'); yaml.safe_load(t)", []),
        ("from safetensors.torch import load_file\nload_file(p)", []),
    ],
)
def test_the_check_sees_what_it_is_for(source: str, found: list[str]) -> None:
    assert list(faults(source)) == found
