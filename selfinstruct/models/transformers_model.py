"""A model in this process through `transformers`: the student, scored and generating, or a teacher.

Each draw depends on its own request's seed, never on the batch it shares; padding is masked, so the
rest of a batch changes an answer by float noise alone.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Self, TypeVar

import torch
from peft import PeftModel
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from selfinstruct import chat
from selfinstruct.checkpoints import weights
from selfinstruct.checkpoints.base import Base, load_base
from selfinstruct.checkpoints.memory import in_pieces
from selfinstruct.checkpoints.weights import OnNote
from selfinstruct.errors import UserError
from selfinstruct.model import Answered, OnCount, TokenNll, uncounted
from selfinstruct.models import choices
from selfinstruct.models.decoding import Done, Draw, end_tokens, first_stop
from selfinstruct.types import Completion, Message, Request, Sampling, digest

LOGIT_BYTES = 2**28
"""Logits that are scored at once take up to so many bytes (float32)."""

Row = tuple[int, list[int], Request]
T = TypeVar("T")
Made = TypeVar("Made")


class TransformersModel:
    """A base model, optionally with a LoRA adapter, that generates and scores.

    The base may serve others at the same time: this model is a shell around its weights. Raises
    `UserError` for an adapter that cannot be loaded.
    """

    def __init__(self, base: Base, adapter: Path | None = None, batch_size: int = 16) -> None:
        self.name = f"transformers:{base.name}" + (f"+{adapter.name}" if adapter else "")
        self._files = [base.source, adapter] if adapter else [base.source]
        self._batch_size = batch_size
        self._device = base.device
        self._tokenizer = base.tokenizer
        model = base.shell()
        if adapter:
            try:
                with weights.quiet():
                    model = PeftModel.from_pretrained(model, adapter)
            except (OSError, ValueError) as error:
                raise UserError(
                    f"the adapter {adapter} cannot be loaded: {error}",
                    next_step="train it again, or name another student",
                ) from error
        self._model = model.to(base.device).eval()
        self._context = int(model.config.get_text_config().max_position_embeddings)
        self._vocabulary = int(model.config.get_text_config().vocab_size)
        self._end = end_tokens(self._tokenizer, model.generation_config)
        # The hub's sampling defaults would mix with ours: a request says how its tokens are drawn.
        model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            eos_token_id=self._end, pad_token_id=self._end[0], do_sample=False
        )

    @classmethod
    def load(
        cls,
        name: str,
        adapter: Path | None = None,
        device: str = "auto",
        batch_size: int = 16,
        on_note: OnNote = weights.unheard,
    ) -> Self:
        """A model around a base of its own; `name` is `bundled`, a GGUF file, a folder or a hub id.

        Raises `UserError` for what cannot be loaded.
        """
        return cls(load_base(name, device, on_note), adapter, batch_size)

    @cached_property
    def digest(self) -> str:
        """Of the content of base and adapter, read when it is first asked for."""
        found = [weights.digest(part) for part in self._files]
        return digest(found) if len(found) > 1 else found[0]

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        """Answer in batches of like length; the answers of a batch are yielded when it is done.

        A prompt that leaves no room for `max_tokens` within the model's context is an error of that
        request alone. A batch that does not fit into memory is cut, and so are those after it.
        Raises `IncompleteError` where a single prompt does not fit.
        """
        rows: list[Row] = []
        for index, request in enumerate(requests):
            prompt = chat.encode_prompt(self._tokenizer, request.messages)
            needed = len(prompt) + request.sampling.max_tokens
            if needed > self._context:
                why = f"needs {needed} tokens of context, the model has {self._context}"
                yield [Answered(index, Completion("", "error", model=self.name, error=why))]
            else:
                rows.append((index, prompt, request))
        rows.sort(key=lambda row: len(row[1]))
        while rows:
            batch, rows = rows[: self._batch_size], rows[self._batch_size :]
            yield self._fitting(self._answer, batch)

    def nll(
        self, conversations: Sequence[Sequence[Message]], on_scored: OnCount = uncounted
    ) -> list[TokenNll]:
        """The mean token NLL of each last message, in nats, its end-of-turn token included.

        `on_scored` hears the number of rows done after each batch. Logits are computed for answer
        tokens alone. Raises `UserError` for a conversation longer than the model's context. Batches
        are cut as in `generate`.
        """
        encoded = [chat.encode(self._tokenizer, turns) for turns in conversations]
        lengths = [len(row.prompt_ids) + len(row.answer_ids) for row in encoded]
        if lengths and max(lengths) > self._context:
            raise UserError(
                f"a row of {max(lengths)} tokens does not fit the context of {self.name}, "
                f"which is {self._context}",
                next_step="leave such rows out of the seeds, or take a student with more context",
            )
        order = sorted(range(len(encoded)), key=lengths.__getitem__)
        scores: dict[int, TokenNll] = {}
        for batch in self._scoring_batches(order, encoded):
            found = self._fitting(self._score, [encoded[index] for index in batch])
            scores |= zip(batch, found, strict=True)
            on_scored(len(scores))
        return [scores[index] for index in range(len(encoded))]

    def choose(
        self,
        prompts: Sequence[Sequence[Message]],
        answers: Sequence[str],
        *,
        first_line: bool = False,
    ) -> list[tuple[float, ...] | None]:
        """For each prompt the natural log of the probability of each answer; None for a prompt that
        does not fit into the context with the longest of them.

        Of the whole answer, the token that ends its turn included; with `first_line`, that the
        answer stands alone on the first line, whatever comes after it. So no answer is likelier for
        being the beginning of another. Batches are cut as in `generate`.
        """
        if not prompts or not answers:
            return [None if not answers else ()] * len(prompts)
        each = [self._answer_ids(answer, first_line=first_line) for answer in answers]
        longest = max(map(len, each))
        rows = max(1, LOGIT_BYTES // (4 * self._vocabulary))
        read = [chat.encode_prompt(self._tokenizer, turns) for turns in prompts]
        fitting = [at for at, row in enumerate(read) if len(row) + longest <= self._context]
        fitting.sort(key=lambda at: len(read[at]))
        found: list[tuple[float, ...] | None] = [None] * len(prompts)

        def score(batch: Sequence[list[int]]) -> list[tuple[float, ...]]:
            return choices.choice_logs(self._model, batch, each, rows, self._device)

        for start in range(0, len(fitting), self._batch_size):
            batch = fitting[start : start + self._batch_size]
            made = self._fitting(score, [read[at] for at in batch])
            for at, logs in zip(batch, made, strict=True):
                found[at] = logs
        return found

    def fits(self, conversations: Sequence[Sequence[Message]]) -> list[bool]:
        """Whether each conversation, which ends with the assistant, fits into the context."""
        encoded = [chat.encode(self._tokenizer, turns) for turns in conversations]
        return [len(row.prompt_ids) + len(row.answer_ids) <= self._context for row in encoded]

    def close(self) -> None:
        """Drop the model and hand its memory back."""
        del self._model
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _fitting(self, work: Callable[[Sequence[T]], list[Made]], batch: Sequence[T]) -> list[Made]:
        """What the work makes of a batch; what was too large once is not tried again."""
        pieces = in_pieces(work, batch)
        if len(pieces) > 1:
            self._batch_size = max(len(piece) for piece in pieces)
        return [made for piece in pieces for made in piece]

    def _answer_ids(self, answer: str, *, first_line: bool) -> list[int]:
        # After any prompt the same: it ends with the opening of the assistant's turn.
        text = f"{answer}\n{choices.FIRST_LINE_GOES_ON}" if first_line else answer
        turns = (Message("user", "a"), Message("assistant", text))
        ids = chat.encode(self._tokenizer, turns).answer_ids
        return choices.first_line(self._tokenizer, ids) if first_line else ids

    @torch.inference_mode()
    def _answer(self, rows: Sequence[Row]) -> list[Answered]:
        prompts = [prompt for _, prompt, _ in rows]
        samplings = [request.sampling for _, _, request in rows]
        ids, mask = _pad(prompts, self._end[0], self._device, left=True)
        draws = [Draw([request for _, _, request in rows], self._device)]
        output = self._model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=max(sampling.max_tokens for sampling in samplings),
            logits_processor=LogitsProcessorList(
                draws if any(sampling.temperature > 0 for sampling in samplings) else []
            ),
            stopping_criteria=StoppingCriteriaList(
                [Done(self._tokenizer, samplings, ids.shape[1], self._device)]
            ),
        )
        written = output[:, ids.shape[1] :].tolist()
        return [
            Answered(index, self._completion(len(prompt), new, request.sampling))
            for (index, prompt, request), new in zip(rows, written, strict=True)
        ]

    def _completion(self, prompt_tokens: int, written: list[int], how: Sampling) -> Completion:
        written = written[: how.max_tokens]
        end = next((at for at, token in enumerate(written) if token in self._end), None)
        text = str(self._tokenizer.decode(written[:end], skip_special_tokens=True))
        stop = first_stop(text, how.stop)
        return Completion(
            text if stop is None else text[:stop],
            "length" if end is None and stop is None else "stop",
            prompt_tokens,
            len(written) if end is None else end + 1,
            self.name,
        )

    def _scoring_batches(
        self, order: Sequence[int], encoded: Sequence[chat.Encoded]
    ) -> Iterator[list[int]]:
        """Rows in order of length, cut into batches by their number and by the logits they need."""
        limit = LOGIT_BYTES // (4 * self._vocabulary)
        batch: list[int] = []
        tokens = 0
        for index in order:
            answer = len(encoded[index].answer_ids)
            if batch and (len(batch) == self._batch_size or tokens + answer > limit):
                yield batch
                batch, tokens = [], 0
            batch.append(index)
            tokens += answer
        if batch:
            yield batch

    @torch.inference_mode()
    def _score(self, rows: Sequence[chat.Encoded]) -> list[TokenNll]:
        whole = [row.prompt_ids + row.answer_ids for row in rows]
        ids, mask = _pad(whole, self._end[0], self._device, left=False)
        answers = [len(row.answer_ids) for row in rows]
        # The logits at a position say what comes next, hence the shift by one.
        before = torch.zeros_like(ids, dtype=torch.bool)
        for at, (row, answer) in enumerate(zip(whole, answers, strict=True)):
            before[at, len(row) - answer - 1 : len(row) - 1] = True
        logits = self._model(input_ids=ids, attention_mask=mask, logits_to_keep=before).logits
        targets = torch.tensor([token for row in rows for token in row.answer_ids])
        losses = torch.nn.functional.cross_entropy(
            logits.float(), targets.to(self._device), reduction="none"
        ).tolist()
        ends = list(accumulate(answers))
        return [
            TokenNll(sum(losses[end - answer : end]) / answer, answer)
            for end, answer in zip(ends, answers, strict=True)
        ]


def _pad(
    rows: Sequence[Sequence[int]], filler: int, device: torch.device, *, left: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of ids in, two tensors [rows, longest] out: the ids and a mask that is 1 on them."""
    side = "left" if left else "right"
    ids = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(row) for row in rows],
        batch_first=True,
        padding_value=filler,
        padding_side=side,
    )
    mask = torch.nn.utils.rnn.pad_sequence(
        [torch.ones(len(row), dtype=torch.long) for row in rows],
        batch_first=True,
        padding_side=side,
    )
    return ids.to(device), mask.to(device)
