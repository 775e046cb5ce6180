"""Product pictures of a shop: thumbnails in one archive of the workspace, made from image files that are named after product numbers.

    add(workspace, [Path("photos")])     photos/LAMP-01.jpg becomes the picture of LAMP-01
    Pictures(workspace.pictures).get("LAMP-01")     its WebP bytes, None where there is none

The archive is replaced whole: a file that cannot be used keeps the picture that was there before.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

from core.errors import NotReady, UserError
from core.messages import Message, lines, msg, nmsg, sentences
from core.progress import Progress, paced, silent
from core.storage import files, locks, snapshots
from core.storage.queries import Serving
from core.workspace import Workspace

SIDE = 96  # pixels of a thumbnail's longer side
KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
MOST_BYTES = 20_000_000  # of an image file
MOST_PIXELS = 50_000_000
MOST_FILES = 200_000
_LISTED = 20  # names in a message
_QUALITY = 80


@dataclass(frozen=True)
class Added:
    """What became of image files. unknown: those named after no product; unusable: those that are no image, with why."""

    stored: int
    unknown: list[str]
    unusable: list[tuple[str, Message]]
    total: int

    def text(self) -> Message:
        """Return what was done, and the names of files that were left out."""
        said = [
            nmsg("{count} picture was stored.", "{count} pictures were stored.", self.stored),
            nmsg("The shop has {count} picture.", "The shop has {count} pictures.", self.total),
        ]
        if self.unknown:
            head = nmsg("{count} file is named after no product:", "{count} files are named after no product:", len(self.unknown))
            said += [head, *(msg("  {file}", file=name) for name in self.unknown[:_LISTED]), *_more(len(self.unknown))]
        if self.unusable:
            head = nmsg("{count} file can't be used:", "{count} files can't be used:", len(self.unusable))
            listed = [msg("  {file}: {reason}", file=name, reason=reason) for name, reason in self.unusable[:_LISTED]]
            said += [head, *listed, *_more(len(self.unusable))]
        return lines(*said[2:], sentences(*said[:2]))  # the last line is what a job is remembered by


class Pictures:
    """The pictures of a shop, read from its archive one by one. Reading the list of 20,000 takes a fraction of a second."""

    def __init__(self, archive: Path):
        try:
            self._archive = zipfile.ZipFile(archive) if archive.exists() else None
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(
                expected=msg("Product pictures are kept in {file}.", file=archive.name),
                found=msg("The picture archive is damaged: {reason}.", reason=str(error)),
                to_do=msg("Delete {file} and add the pictures again.", file=str(archive)),
            ) from error
        self._names = {unquote(name): name for name in self._archive.namelist()} if self._archive else {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def get(self, product_id: str) -> bytes | None:
        """Return the WebP bytes of a product's picture, None where there is none."""
        name = self._names.get(product_id)
        return self._archive.read(name) if self._archive is not None and name is not None else None


def data_address(content: bytes | None) -> str:
    """Return a picture as a data address, "" for none."""
    return f"data:image/webp;base64,{b64encode(content).decode()}" if content else ""


def add(workspace: Workspace, sources: list[Path], progress: Progress = silent) -> Added:
    """Add the pictures in folders, .zip archives and image files; a product's new picture replaces its old one.

    Raises UserError where a source is missing or holds no image, NotReady without a snapshot, which knows the products.
    """
    known, tell = _products(workspace), paced(progress)
    found = [one for source in sources for one in _images(source)]
    if not found:
        raise UserError(
            expected=msg("Pictures are files that end in {kinds}.", kinds=list(KINDS)),
            found=msg("There is none in {sources}.", sources=[source.name for source in sources]),
            to_do=msg("Name a folder or a .zip of images that are named after product numbers."),
        )
    made, unknown, unusable = dict[str, bytes](), list[str](), list[tuple[str, Message]]()
    for number, (name, read) in enumerate(found):
        tell("pictures", number / len(found))
        stem = PurePosixPath(name).stem
        product = next((known[code] for code in (stem, unquote(stem), stem.casefold()) if code in known), None)
        if product is None:
            unknown.append(name)
            continue
        try:
            made[product] = thumbnail(read())
        except _Unusable as error:
            unusable.append((name, error.reason))
    return Added(len(made), unknown, unusable, _store(workspace, made))


def add_files(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Add the pictures of a job's files."""
    added = add(workspace, [Path(file) for file in arguments["files"]], progress)
    return {"text": added.text(), "left_out": len(added.unknown) + len(added.unusable)}


class _Unusable(Exception):
    def __init__(self, reason: Message):
        self.reason = reason
        super().__init__(str(reason))


def thumbnail(content: bytes) -> bytes:
    """Return an image as WebP of SIDE pixels at most, turned as its camera says and without any of its metadata."""
    from PIL import Image, ImageOps

    if len(content) > MOST_BYTES:
        raise _Unusable(msg("larger than {size} MB", size=MOST_BYTES // 1_000_000))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is lower
            image = Image.open(io.BytesIO(content), formats=sorted(set(KINDS.values())))
            if image.width * image.height > MOST_PIXELS:
                raise _Unusable(msg("more than {count} million pixels", count=MOST_PIXELS // 1_000_000))
            image.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEG: decode no more than is needed
            turned = ImageOps.exif_transpose(image).convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, Image.DecompressionBombError) as error:  # what damaged images raise
        raise _Unusable(msg("not a whole PNG, JPEG or WebP image")) from error
    turned.thumbnail((SIDE, SIDE))
    kept = io.BytesIO()
    turned.save(kept, "WEBP", quality=_QUALITY, method=4)
    return kept.getvalue()


def _products(workspace: Workspace) -> dict[str, str]:
    """Return the products of the served snapshot by their numbers; also by the number in small letters where it is one product's."""
    served = snapshots.current(workspace)
    if served is None:
        raise NotReady(
            expected=msg("Pictures are matched with the products of a published snapshot."),
            found=msg("No snapshot has been published yet."),
            to_do=msg("Run `upswing run` first."),
        )
    found = Serving(served.path).ask("search_entries")
    numbers = found[found.kind == "product"].code.astype(str).tolist()
    folded: dict[str, list[str]] = {}
    for one in numbers:
        folded.setdefault(one.casefold(), []).append(one)
    return {small: same[0] for small, same in folded.items() if len(same) == 1} | {one: one for one in numbers}


def _images(source: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield the images of a folder, an archive or a file: name, and what reads it."""
    if source.is_dir():
        names = sorted(file for file in source.rglob("*") if file.suffix.lower() in KINDS and file.is_file() and not file.is_symlink())
        _need_few(len(names), source)
        yield from ((file.relative_to(source).as_posix(), lambda file=file: _read_at_most(file.open("rb"))) for file in names)
    elif source.suffix.lower() == ".zip" and source.is_file():
        try:
            archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(
                expected=msg("An archive of pictures is a .zip."),
                found=msg("{file} can't be opened: {reason}.", file=source.name, reason=str(error)),
                to_do=msg("Pack the pictures again."),
            ) from error
        entries = [entry for entry in archive.infolist() if PurePosixPath(entry.filename).suffix.lower() in KINDS and not entry.is_dir()]
        _need_few(len(entries), source)
        yield from ((entry.filename, lambda entry=entry: _of_archive(archive, entry)) for entry in entries)
    elif source.is_file():
        if source.suffix.lower() in KINDS:
            yield source.name, lambda: _read_at_most(source.open("rb"))
    else:
        raise UserError(
            expected=msg("Pictures come from a folder, a .zip or image files."),
            found=msg("{file} does not exist.", file=str(source)),
            to_do=msg("Name one that exists."),
        )


def _of_archive(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        return _read_at_most(archive.open(entry))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:  # damaged, encrypted, packed otherwise
        raise _Unusable(msg("the archive is damaged or encrypted here")) from error


def _read_at_most(stream) -> bytes:
    """Return a file's bytes; of a larger one than MOST_BYTES only so many that it is refused, whatever an archive says it unpacks to."""
    with stream:
        return stream.read(MOST_BYTES + 1)


def _need_few(count: int, source: Path) -> None:
    if count > MOST_FILES:
        raise UserError(
            expected=msg("At most {most} pictures are added at once.", most=MOST_FILES),
            found=msg("{source} holds {count}.", source=source.name, count=count),
            to_do=msg("Add them in parts."),
        )


def _store(workspace: Workspace, made: dict[str, bytes]) -> int:
    """Replace the archive by one with these pictures over those it has; return how many that is."""
    with locks.locked(workspace.root / ".pictures.lock"):
        before = Pictures(workspace.pictures)
        everything = {product: made[product] if product in made else before.get(product) for product in {*before, *made}}
        if made:

            def write(file: Path) -> None:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                    for product in sorted(everything):
                        archive.writestr(zipfile.ZipInfo(quote(product, safe="")), everything[product] or b"")

            files.write_with(workspace.pictures, write)
    return len(everything)


def _more(count: int) -> list[Message]:
    return [msg("  and {count} more", count=count - _LISTED)] if count > _LISTED else []
