"""distilabel on the stub: a pipeline of one `TextGeneration`, in batches of what may be parallel.

Run by `benchmarks/teacher.py --peer distilabel=PYTHON`, where PYTHON has `distilabel[openai]` and
`requests`, which it imports and does not ask for.
"""

import os
from importlib.metadata import version

from measuring import WARM_UP, measured, parser, prompt_text, tell

if __name__ == "__main__":
    told = parser().parse_args()
    os.environ["DISTILABEL_CACHE_DIR"] = told.folder

    from distilabel.models.llms import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    def answer(first: int, count: int) -> int:
        """How many of so many prompts were answered."""
        rows = [{"instruction": prompt_text(first + place)} for place in range(count)]
        with Pipeline(name=f"stub-{first}", cache_dir=told.folder) as pipeline:
            load = LoadDataFromDicts(data=rows, batch_size=told.parallel)
            llm = OpenAILLM(
                model="m",
                base_url=told.url,
                api_key="none",
                generation_kwargs={"max_new_tokens": 512, "temperature": 0.8},
            )
            load >> TextGeneration(llm=llm, input_batch_size=told.parallel)
        found = pipeline.run(use_cache=False)
        return sum(text is not None for text in found["default"]["train"]["generation"])

    answer(-WARM_UP, WARM_UP)
    with measured() as cost:
        answered = answer(0, told.calls)
    tell(
        versions={name: version(name) for name in ("distilabel", "openai", "httpx")},
        answered=answered,
        seconds=cost.seconds,
        cpu_s=cost.cpu_s,
    )
