"""curator on the stub: `curator.LLM` with its OpenAI backend and limits that do not bind.

Run by `benchmarks/teacher.py --peer curator=PYTHON`, where PYTHON has `bespokelabs-curator`.
"""

import os
from importlib.metadata import distribution, version

from measuring import WARM_UP, measured, parser, prompt_text, tell

UNBOUND = 10**9

if __name__ == "__main__":
    told = parser().parse_args()
    os.environ.update(
        TELEMETRY_ENABLED="false",
        CURATOR_DISABLE_RICH_DISPLAY="1",
        CURATOR_CACHE_DIR=told.folder,
        HF_DATASETS_CACHE=f"{told.folder}/datasets",
        OPENAI_API_KEY="none",
        # litellm ships the vocabulary that tiktoken would fetch to count tokens for its limits.
        TIKTOKEN_CACHE_DIR=str(
            distribution("litellm").locate_file("litellm/litellm_core_utils/tokenizers")
        ),
    )

    from bespokelabs import curator

    llm = curator.LLM(
        model_name="m",
        backend="openai",
        generation_params={"max_tokens": 512, "temperature": 0.8},
        backend_params={
            "base_url": told.url,
            "max_concurrent_requests": told.parallel,
            "max_requests_per_minute": UNBOUND,
            "max_tokens_per_minute": UNBOUND,
        },
    )

    def answer(first: int, count: int) -> int:
        """How many of so many prompts were answered."""
        found = llm([prompt_text(first + place) for place in range(count)])
        return len(found.dataset)

    answer(-WARM_UP, WARM_UP)
    with measured() as cost:
        answered = answer(0, told.calls)
    tell(
        versions={name: version(name) for name in ("bespokelabs-curator", "litellm", "aiohttp")},
        answered=answered,
        seconds=cost.seconds,
        cpu_s=cost.cpu_s,
    )
