"""House rules a machine can check: who imports whom, what loads when, one test file a module."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "selfinstruct"

LAYERS = (
    {"errors", "types", "progress", "failpoints", "lookup", "signals"},
    {"verdict", "model", "files", "endpoint", "redaction", "wheels", "tables"},
    {
        "config",
        "shipped",
        "text",
        "stats",
        "printable",
        "pictures",
        "purposes",
        "rows",
        "told",
        "changes",
        "schema",
        "lock",
        "database",
        "books",
        "edit",
        "linewise",
        "plugins",
        "proxy",
        "joining",
        "manifest",
    },
    {
        "store",
        "pages",
        "account",
        "chat",
        "weights",
        "prompting",
        "privacy",
        "licenses",
        "adapters",
        "pairs",
        "near",
        "yields",
        "rowsets",
        "tracking",
    },
    {
        "base",
        "memory",
        "telling",
        "served",
        "carry",
        "contents",
        "aiming",
        "registry",
        "scoring",
        "settled",
        "searchable",
        "rivals",
    },
    {
        "seeds",
        "models",
        "recipes",
        "filters",
        "mixture",
        "student",
        "metrics",
        "judge",
        "harness",
        "gate",
        "watch",
        "comparison",
        "ratio",
        "halving",
        "teacher",
        "audit",
        "sentences",
    },
    {
        "generate",
        "round",
        "summary",
        "evaluate",
        "task",
        "guard",
        "apart",
        "estimate",
        "quality",
        "lineage",
        "replaying",
    },
    {"limits", "setting", "reuse", "wording", "arms", "trained", "talk", "tracked", "review"},
    {"verifying", "merging", "pairing", "manual"},
    {"making", "doubting", "examining", "reviewing", "pilot", "fork", "refilter"},
    {"runs", "contestants", "rereading", "sweep"},
    {"ablation", "effects"},
    {"report", "export", "web"},
    {"cli"},
)
LAYER_OF = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = {
    "matplotlib",
    "lm_eval",
    "torch",
    "transformers",
    "peft",
    "trl",
    "datasets",
    "accelerate",
    "aiohttp",
    "xllamacpp",
    "sentence_transformers",
    "datasketch",
    "starlette",
    "uvicorn",
}

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def part_of(path: Path) -> str:
    """The layer's name for a file: its folder inside the package, or its own name."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every `selfinstruct.NAME` a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            base = node.module.split(".")
            if base == ["selfinstruct"]:
                found |= {alias.name for alias in node.names}
            elif base[0] == "selfinstruct":
                found.add(base[1])
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {name[1] for name in names if name[0] == "selfinstruct" and len(name) > 1}
    return found - {"__version__"}


def test_every_part_has_a_layer() -> None:
    parts = {part_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert parts == set(LAYER_OF)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_strictly_down(path: Path) -> None:
    own = part_of(path)
    upward = {name for name in imported(path) if name != own and LAYER_OF[name] >= LAYER_OF[own]}
    assert not upward


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["--version"], ["settings", "novelty"]]
)
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['selfinstruct', *sys.argv[1:]]\n"
        "from selfinstruct.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip()
    assert "loaded: []" in done.stderr


def test_a_run_that_needs_no_model_loads_none_and_no_scipy() -> None:
    code = (
        "import sys; import selfinstruct.runs\n"
        f"print('loaded:', sorted({HEAVY | {'scipy'}!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "loaded: []"


def test_every_module_has_its_test_file() -> None:
    expected = {
        "_".join(["test", *path.relative_to(PACKAGE).with_suffix("").parts]) for path in MODULES
    }
    found = {path.stem for path in (ROOT / "tests").glob("test_*.py")}
    assert expected - found == set()


def test_no_file_has_outgrown_one_noun() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").split("\n"))) > 450
    }
    assert not long
