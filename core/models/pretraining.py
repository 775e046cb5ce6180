"""Masked-language pretraining: the encoder reads the shop's own texts before anything is predicted from them.

Some tokens of each text are hidden and the encoder learns to name them (Devlin et al. 2019; on the texts of the task itself,
Gururangan et al. 2020). Characters that its vocabulary lacks get word pieces of their own first, so that Chinese titles can be read
under an English vocabulary, where each of their characters would be the same [UNK].
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as f
from torch import Tensor, nn

from core.messages import Message, msg, nmsg
from core.models.encoder_tuning import changed, stack, tuned_version
from core.models.text import Encoder, batches_of, fresh_encoder, load_encoder, pad
from core.progress import Progress, paced, silent

LEAST_TEXTS = 3  # a character in fewer texts would be learnt by heart with the products that carry it
HELD_OUT = 0.1  # share of the texts that perplexity is measured on, never learnt from
_HIDDEN = 0.15  # share of a text's tokens that are to be named, at least one of them
_NEW_RATE = 1e-3  # of what starts from nothing: the head and the new pieces
_HEAD_EPOCHS = 3  # in which only these learn, so that their random start does not spoil the encoder
_WARMUP = 0.1  # share of the steps in which the rate rises; it falls to 0 over the others


@dataclass(frozen=True)
class Pretrained:
    """encoder: in evaluation mode on the CPU, with a version of its own; pieces: its new word pieces; figures: perplexity before (a
    head has learnt, the encoder has not) and after on the texts held out, how many they were, how long it took."""

    encoder: Encoder
    pieces: tuple[str, ...]
    figures: dict


def pretrain(
    name: str,
    texts: list[str],
    epochs: int,
    rate: float,
    *,
    seed: int = 0,
    device: torch.device = torch.device("cpu"),
    progress: Progress = silent,
) -> Pretrained:
    """A copy of the encoder of that name after `epochs` passes over these texts, blank ones left out.

    The word vectors of known pieces stay as they are: whatever a text of the future says in them still means the same. Raises
    UserError where the encoder is not built like BERT.
    """
    started, progress = time.monotonic(), paced(progress)
    random = np.random.default_rng(seed)
    checkpoint, encoder = load_encoder(name), fresh_encoder(name)
    stack(encoder)
    texts = sorted({t for t in texts if t.strip()})  # in an order that doesn't depend on the products'
    pieces = missing_pieces(encoder, texts)
    encoder.extend(pieces)
    special = set(encoder.tokenizer.all_special_ids)
    tokens = [np.array(t) for t in encoder.tokens(texts) if set(t) - special]
    if not tokens:
        return Pretrained(encoder, (), {})
    order = random.permutation(len(tokens))
    held = order[: max(1, round(HELD_OUT * len(tokens)))] if len(tokens) > 1 else order
    learnt = order[len(held) :] if len(tokens) > 1 else order
    language = _Language(encoder, len(pieces), [tokens[i] for i in learnt]).to(device)
    test = [_hide(language, [tokens[i] for i in batch], np.random.default_rng([seed, 1])) for batch in _batches(tokens, held, random)]
    done, total = 0, _HEAD_EPOCHS + epochs

    def learn(parameters: list[dict], passes: int, message: Message) -> None:
        nonlocal done
        optimizer = torch.optim.AdamW(parameters, weight_decay=0.01)
        highest, steps, step = [g["lr"] for g in optimizer.param_groups], None, 0
        for _ in range(passes):
            batches = _batches(tokens, learnt, random)
            steps = steps or passes * len(batches)
            for count, i in enumerate(random.permutation(len(batches)), 1):
                step += 1
                for group, high in zip(optimizer.param_groups, highest):
                    group["lr"] = high * max(0.0, min(step / max(1.0, _WARMUP * steps), (steps - step) / ((1 - _WARMUP) * steps)))
                value = language(*_hide(language, [tokens[k] for k in batches[i]], random))
                optimizer.zero_grad(set_to_none=True)
                value.backward()
                torch.nn.utils.clip_grad_norm_([p for g in parameters for p in g["params"]], 1.0)
                optimizer.step()
                progress("pretrain", (done + count / len(batches)) / total, message, loss=float(value.detach()))
            done += 1

    new = {"params": language.new, "lr": _NEW_RATE}
    learn([new], _HEAD_EPOCHS, msg("Training the language head"))
    before = language.perplexity(test)
    body = [p for name, p in encoder.module.named_parameters() if name.startswith("encoder.")]
    for parameter in body:
        parameter.requires_grad_(True)
    language.train()
    learn(
        [new | {"lr": _NEW_RATE / 2}, {"params": body, "lr": rate}],
        epochs,
        nmsg("The encoder reads {count} text", "The encoder reads {count} texts", len(texts)),
    )
    language.eval()
    after = language.perplexity(test)
    language.close(encoder)
    encoder.version = tuned_version(encoder.version, changed(encoder, checkpoint), pieces)
    figures = {
        "texts": len(texts),
        "held_out": len(held),
        "pieces": len(pieces),
        "epochs": epochs,
        "perplexity_before": before,
        "perplexity_after": after,
        "seconds": round(time.monotonic() - started, 1),
    }
    return Pretrained(encoder, tuple(pieces), figures)


def missing_pieces(encoder: Encoder, texts: list[str]) -> list[str]:
    """Characters that stand in at least LEAST_TEXTS texts, in words that the vocabulary cannot spell: as pieces, `x` at the start of a
    word and `##x` inside, the most frequent first. Empty for a tokenizer that is not of WordPiece's kind."""
    backend = encoder.tokenizer.backend_tokenizer
    model = json.loads(backend.to_str())["model"]
    if model["type"] != "WordPiece":
        return []
    vocabulary, prefix, longest = model["vocab"], model["continuing_subword_prefix"], model["max_input_chars_per_word"]
    spelt: dict[str, bool] = {}
    found: Counter[str] = Counter()
    for text in texts:
        normal = backend.normalizer.normalize_str(text) if backend.normalizer else text
        here: set[str] = set()
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(normal):
            if word not in spelt:
                spelt[word] = len(word) > longest or encoder.tokenizer.unk_token not in encoder.tokenizer.tokenize(word)
            if not spelt[word]:
                here.update(piece for i, c in enumerate(word) if (piece := c if i == 0 else prefix + c) not in vocabulary)
        found.update(here)
    return [piece for piece, count in sorted(found.items(), key=lambda item: (-item[1], item[0])) if count >= LEAST_TEXTS]


class _Language(nn.Module):
    """The encoder with a head that names hidden tokens. The decoder is the table of word vectors; what the head adds to it (a
    transform, and a bias that starts at the pieces' frequencies in `tokens`) is learnt, for sentence encoders come without one."""

    known: Tensor

    def __init__(self, encoder: Encoder, fresh: int, tokens: list[np.ndarray]):
        super().__init__()
        self.module, tokenizer = encoder.module, encoder.tokenizer
        words = self.module.embeddings.word_embeddings.weight
        known = len(words) - fresh
        self.register_buffer("known", words[:known].detach().clone(), persistent=False)
        self.fresh = nn.Parameter(words[known:].detach().clone())
        width = words.shape[1]
        self.transform, self.norm = nn.Linear(width, width), nn.LayerNorm(width)
        counts = np.bincount(np.concatenate(tokens), minlength=len(words)).astype(np.float32)
        self.bias = nn.Parameter(torch.from_numpy(np.log((counts + 0.1) / (counts + 0.1).sum())))
        self.mask, self.blank = tokenizer.mask_token_id, tokenizer.pad_token_id or 0
        self.special = np.array(sorted(set(tokenizer.all_special_ids)))
        self.vocabulary = len(words)
        with torch.no_grad():
            nn.init.eye_(self.transform.weight)
            self.norm.weight.fill_(1.0 / (float(words.std()) * width**0.5))  # logits of the size of 1 to begin with
        self.eval()

    @property
    def new(self) -> list[nn.Parameter]:
        return [*([self.fresh] if len(self.fresh) else []), *self.transform.parameters(), *self.norm.parameters(), self.bias]

    def forward(self, ids: Tensor, mask: Tensor, hidden: Tensor, wanted: Tensor) -> Tensor:
        """ids, mask (n, length); hidden (n, length) bool, True where `wanted` (k,) is to be named. The mean negative log likelihood."""
        ids, mask, hidden, wanted = (t.to(self.bias.device) for t in (ids, mask, hidden, wanted))
        known = len(self.known)  # two tables, for one that learns in part would have a gradient for all of it
        vectors = f.embedding(ids.clamp(max=known - 1), self.known)
        if len(self.fresh):
            vectors = torch.where((ids < known)[..., None], vectors, f.embedding((ids - known).clamp(min=0), self.fresh))
        states = self.module(inputs_embeds=vectors, attention_mask=mask).last_hidden_state
        states = self.norm(f.gelu(self.transform(states[hidden])))
        return f.cross_entropy(torch.cat([states @ self.known.T, states @ self.fresh.T], dim=1) + self.bias, wanted)

    def perplexity(self, batches: list[tuple]) -> float:
        """exp of the mean negative log likelihood of the hidden tokens."""
        with torch.inference_mode():
            parts = [(float(self(*batch)), len(batch[3])) for batch in batches]
        return float(np.exp(sum(value * count for value, count in parts) / sum(count for _, count in parts)))

    def close(self, encoder: Encoder) -> None:
        """Puts the new pieces' vectors in place."""
        with torch.no_grad():
            self.module.embeddings.word_embeddings.weight[len(self.known) :] = self.fresh
        encoder.module.cpu().eval().requires_grad_(False)


def _batches(tokens: list[np.ndarray], chosen: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """Texts of like length together, but not always the same ones."""
    lengths = np.array([len(tokens[i]) for i in chosen])
    order = np.argsort(lengths + random.random(len(chosen)) * 4)
    return [chosen[order[list(batch)]] for batch in batches_of(np.maximum.accumulate(lengths[order]).tolist())]


def _hide(language: _Language, tokens: list[np.ndarray], random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(ids, mask, hidden, wanted): of the tokens to name, 80% become [MASK], 10% any piece, 10% stay, as BERT does."""
    ids, mask = pad([t.tolist() for t in tokens], language.blank)
    free = mask.bool().numpy() & ~np.isin(ids.numpy(), language.special)
    draw = np.where(free, random.random(free.shape), 2.0)
    hidden = torch.from_numpy((draw < _HIDDEN) | (free & (draw == draw.min(1, keepdims=True))))
    wanted = ids[hidden]
    fate = torch.from_numpy(random.random(len(wanted)))
    seen = torch.where(fate < 0.8, language.mask, wanted)
    seen = torch.where(fate >= 0.9, torch.from_numpy(random.integers(0, language.vocabulary, len(wanted))), seen)
    ids[hidden] = seen
    return ids, mask, hidden, wanted
