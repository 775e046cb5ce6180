"""Masked-language pretraining of the encoder on the shop's own texts.

Some tokens of each text are masked and the encoder is trained to predict them (Devlin et al. 2019; on the texts of the task itself,
Gururangan et al. 2020). Characters missing from its vocabulary first get word pieces, so that an English vocabulary can represent Chinese
titles, whose characters would all be [UNK].
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
from core.models.encoder_tuning import changed_weights, encoder_layers, tuned_version
from core.models.text import Encoder, fresh_encoder, load_encoder, pad, split_batches
from core.progress import Progress, paced, silent

MIN_TEXTS = 3  # a character in fewer texts would only identify the products that carry it
HELD_OUT = 0.1  # share of the texts that perplexity is measured on; they are not trained on
_MASKED_SHARE = 0.15  # share of a text's tokens to predict, at least one
_NEW_RATE = 1e-3  # learning rate of new weights: the head and the new pieces
_HEAD_EPOCHS = 3  # epochs that train only these, so that their random start does not spoil the encoder
_WARMUP = 0.1  # share of the steps in which the learning rate rises; it falls to 0 over the others


@dataclass(frozen=True)
class Pretrained:
    """A pretrained encoder.

    encoder  in evaluation mode on the CPU, with its own version
    pieces   word pieces added to its vocabulary
    figures  perplexity on held-out texts before (only the head is trained) and after, the number of texts, and the seconds taken
    """

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
    """Return a copy of the named encoder after `epochs` passes over these texts; blank ones are left out.

    The vectors of known word pieces are not trained, so words of later texts keep their meaning. Raises UserError where the encoder is not
    built like BERT.
    """
    started, progress = time.monotonic(), paced(progress)
    random = np.random.default_rng(seed)
    checkpoint, encoder = load_encoder(name), fresh_encoder(name)
    encoder_layers(encoder)
    texts = sorted({t for t in texts if t.strip()})  # sorted, so that the result does not depend on the order of products
    pieces = missing_pieces(encoder, texts)
    encoder.extend(pieces)
    special = set(encoder.tokenizer.all_special_ids)
    tokens = [np.array(t) for t in encoder.tokens(texts) if set(t) - special]
    if not tokens:
        return Pretrained(encoder, (), {})
    order = random.permutation(len(tokens))
    held = order[: max(1, round(HELD_OUT * len(tokens)))] if len(tokens) > 1 else order
    trained = order[len(held) :] if len(tokens) > 1 else order
    language = _LanguageModel(encoder, len(pieces), [tokens[i] for i in trained]).to(device)
    test = [
        _mask_tokens(language, [tokens[i] for i in batch], np.random.default_rng([seed, 1])) for batch in _batches(tokens, held, random)
    ]
    done, total = 0, _HEAD_EPOCHS + epochs

    def train(parameters: list[dict], passes: int, message: Message) -> None:
        nonlocal done
        optimizer = torch.optim.AdamW(parameters, weight_decay=0.01)
        highest, steps, step = [g["lr"] for g in optimizer.param_groups], None, 0
        for _ in range(passes):
            batches = _batches(tokens, trained, random)
            steps = steps or passes * len(batches)
            for count, i in enumerate(random.permutation(len(batches)), 1):
                step += 1
                for group, high in zip(optimizer.param_groups, highest):
                    group["lr"] = high * max(0.0, min(step / max(1.0, _WARMUP * steps), (steps - step) / ((1 - _WARMUP) * steps)))
                value = language(*_mask_tokens(language, [tokens[k] for k in batches[i]], random))
                optimizer.zero_grad(set_to_none=True)
                value.backward()
                torch.nn.utils.clip_grad_norm_([p for g in parameters for p in g["params"]], 1.0)
                optimizer.step()
                progress("pretrain", (done + count / len(batches)) / total, message, loss=float(value.detach()))
            done += 1

    new = {"params": language.new, "lr": _NEW_RATE}
    train([new], _HEAD_EPOCHS, msg("Training the language head"))
    before = language.perplexity(test)
    body = [p for name, p in encoder.module.named_parameters() if name.startswith("encoder.")]
    for parameter in body:
        parameter.requires_grad_(True)
    language.train()
    train(
        [new | {"lr": _NEW_RATE / 2}, {"params": body, "lr": rate}],
        epochs,
        nmsg("The encoder reads {count} text", "The encoder reads {count} texts", len(texts)),
    )
    language.eval()
    after = language.perplexity(test)
    language.store_new_pieces(encoder)
    encoder.version = tuned_version(encoder.version, changed_weights(encoder, checkpoint), pieces)
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
    """Return word pieces for characters of at least MIN_TEXTS texts, in words that the vocabulary cannot represent.

    A piece is `x` at the start of a word and `##x` inside it; the most frequent come first. Empty for a tokenizer other than WordPiece.
    """
    backend = encoder.tokenizer.backend_tokenizer
    model = json.loads(backend.to_str())["model"]
    if model["type"] != "WordPiece":
        return []
    vocabulary, prefix, longest = model["vocab"], model["continuing_subword_prefix"], model["max_input_chars_per_word"]
    representable: dict[str, bool] = {}
    counts: Counter[str] = Counter()
    for text in texts:
        normal = backend.normalizer.normalize_str(text) if backend.normalizer else text
        missing: set[str] = set()
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(normal):
            if word not in representable:
                representable[word] = len(word) > longest or encoder.tokenizer.unk_token not in encoder.tokenizer.tokenize(word)
            if not representable[word]:
                missing.update(piece for i, c in enumerate(word) if (piece := c if i == 0 else prefix + c) not in vocabulary)
        counts.update(missing)
    return [piece for piece, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count >= MIN_TEXTS]


class _LanguageModel(nn.Module):
    """The encoder with a head that predicts masked tokens.

    The decoder is the table of word vectors. The head adds a transform, and a bias that starts at the frequencies of the pieces in
    `tokens`. Both are trained here, since sentence encoders come without a head.
    """

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
            self.norm.weight.fill_(1.0 / (float(words.std()) * width**0.5))  # initial logits of about 1
        self.eval()

    @property
    def new(self) -> list[nn.Parameter]:
        return [*([self.fresh] if len(self.fresh) else []), *self.transform.parameters(), *self.norm.parameters(), self.bias]

    def forward(self, ids: Tensor, mask: Tensor, hidden: Tensor, wanted: Tensor) -> Tensor:
        """Return the mean negative log likelihood of the masked tokens.

        ids, mask (n, length); hidden (n, length) bool, True where a token is masked; wanted (k,) the ids to predict there.
        """
        ids, mask, hidden, wanted = (t.to(self.bias.device) for t in (ids, mask, hidden, wanted))
        known = len(self.known)  # two tables, since a partly trained one would need gradients for all of it
        vectors = f.embedding(ids.clamp(max=known - 1), self.known)
        if len(self.fresh):
            vectors = torch.where((ids < known)[..., None], vectors, f.embedding((ids - known).clamp(min=0), self.fresh))
        states = self.module(inputs_embeds=vectors, attention_mask=mask).last_hidden_state
        states = self.norm(f.gelu(self.transform(states[hidden])))
        return f.cross_entropy(torch.cat([states @ self.known.T, states @ self.fresh.T], dim=1) + self.bias, wanted)

    def perplexity(self, batches: list[tuple]) -> float:
        """Return exp of the mean negative log likelihood of the masked tokens."""
        with torch.inference_mode():
            parts = [(float(self(*batch)), len(batch[3])) for batch in batches]
        return float(np.exp(sum(value * count for value, count in parts) / sum(count for _, count in parts)))

    def store_new_pieces(self, encoder: Encoder) -> None:
        """Store the vectors of the new pieces in the encoder."""
        with torch.no_grad():
            self.module.embeddings.word_embeddings.weight[len(self.known) :] = self.fresh
        encoder.module.cpu().eval().requires_grad_(False)


def _batches(tokens: list[np.ndarray], chosen: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """Return batches of texts of similar length, in compositions that vary."""
    lengths = np.array([len(tokens[i]) for i in chosen])
    order = np.argsort(lengths + random.random(len(chosen)) * 4)
    return [chosen[order[list(batch)]] for batch in split_batches(np.maximum.accumulate(lengths[order]).tolist())]


def _mask_tokens(language: _LanguageModel, tokens: list[np.ndarray], random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return (ids, mask, hidden, wanted): of the tokens to predict, 80% become [MASK], 10% a random piece and 10% stay, as in BERT."""
    ids, mask = pad([t.tolist() for t in tokens], language.blank)
    free = mask.bool().numpy() & ~np.isin(ids.numpy(), language.special)
    draw = np.where(free, random.random(free.shape), 2.0)
    hidden = torch.from_numpy((draw < _MASKED_SHARE) | (free & (draw == draw.min(1, keepdims=True))))
    wanted = ids[hidden]
    fate = torch.from_numpy(random.random(len(wanted)))
    seen = torch.where(fate < 0.8, language.mask, wanted)
    seen = torch.where(fate >= 0.9, torch.from_numpy(random.integers(0, language.vocabulary, len(wanted))), seen)
    ids[hidden] = seen
    return ids, mask, hidden, wanted
