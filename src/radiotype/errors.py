"""Every error that radiotype raises, with a stable code.

A message says what was found, what was expected, which file, and what to do next. `InputError` and `ComputeError` end one
case; every other error ends the run. The catalogue below is the only place where codes are defined.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path

CODES: dict[str, str] = {
    # recipes and manifests
    "RT101": "the recipe cannot be read",
    "RT102": "the recipe has a key that does not exist",
    "RT103": "a setting has a value that is not allowed",
    "RT104": "this recipe version is not supported",
    "RT105": "this feature family does not exist",
    "RT106": "the cluster cannot be used",
    "RT110": "the manifest cannot be read",
    "RT111": "the manifest lacks a column",
    "RT112": "two rows of the manifest have the same key",
    "RT113": "a clinical column contradicts itself",
    "RT114": "a manifest cell has a value that is not allowed",
    # files of one case
    "RT201": "the file does not exist",
    "RT202": "the file cannot be read",
    "RT203": "the mask lies on another grid than the scan",
    "RT204": "the mask is empty",
    "RT205": "the mask has no such label",
    "RT206": "the region holds values that are not finite",
    "RT207": "the geometry is not usable",
    "RT208": "the unit or modality is not known",
    "RT209": "the header does not fit the file",
    "RT210": "the header points outside its folder",
    "RT211": "the file format is not supported",
    "RT212": "the scan has several phases",
    "RT213": "slices are missing or stand twice",
    "RT214": "the region of interest is not in the file",
    "RT215": "no decoder for this compression",
    "RT216": "the modality units cannot be computed",
    "RT217": "the frame of reference differs",
    # expression, gene sets and public data
    "RT218": "the table of numbers or names is not usable",
    "RT219": "the table is larger than is read",
    "RT220": "the data set is not there",
    "RT221": "the download failed",
    "RT222": "the signature file is not usable",
    # computation
    "RT301": "too few cases",
    "RT302": "too few events",
    "RT303": "the computation did not converge",
    "RT304": "the columns are not independent",
    "RT305": "the values are not usable",
    "RT306": "the region is too large for the memory allowed",
    "RT307": "the process that worked on it was killed",
    "RT308": "no spherical map of the region was found",
    "RT309": "cases to test on were seen before",
    "RT310": "too few of its genes are in the table",
    "RT311": "no organ tissue was found around the tumour",
    # what a run stores
    "RT401": "the output cannot be written",
    "RT402": "the output folder holds something else",
    "RT403": "a stored result is damaged or missing",
    "RT404": "another run holds the output folder",
    "RT405": "no space is left for the output",
    # models
    "RT501": "the table has another schema than the model",
    "RT502": "the model file is missing, damaged or no model",
    "RT503": "this version of the model format is not supported",
    "RT504": "the steps of the model do not fit each other",
}


def did_you_mean(word: object, choices: Iterable[str]) -> str:
    """The end of a message: the choice that looks most like the word, or nothing.

    Examples
    --------
    >>> did_you_mean("margn", ["morphology", "margin"])
    ", did you mean 'margin'?"
    """
    from difflib import get_close_matches

    plain = {choice.lower().replace("-", "_"): choice for choice in choices}
    close = get_close_matches(str(word)[:100].strip().lower().replace("-", "_").replace(" ", "_"), plain, n=1, cutoff=0.6)
    return f", did you mean {plain[close[0]]!r}?" if close else ""


def counted(n: int, noun: str) -> str:
    """A number with its noun: 1 patient, 2 patients."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def there_are(n: int, noun: str) -> str:
    """How many there are, with the verb: there is 1 event, there are 2 events."""
    return f"there {'is' if n == 1 else 'are'} {counted(n, noun)}"


class RadiotypeError(Exception):
    """An error that a user can act on.

    Parameters
    ----------
    code : str
        A key of `CODES`.
    found : str
        What was found and what was expected, in one sentence; the title of the code when left out.
    case, stage : str, optional
        The case id and the stage ("read", "features", ...) in which it happened.
    file : path, optional
        The file that is to blame.
    hint : str, optional
        What to do next.
    """

    prefix = "RT"

    def __init__(
        self,
        code: str,
        found: str | None = None,
        *,
        case: str | None = None,
        file: str | Path | None = None,
        stage: str | None = None,
        hint: str | None = None,
    ) -> None:
        if code not in CODES or not code.startswith(self.prefix):
            raise ValueError(f"{code} is not a code of {type(self).__name__}")
        self.code = code
        self.found = found or CODES[code]
        self.case = case
        self.file = Path(file) if file is not None else None
        self.stage = stage
        self.hint = hint
        super().__init__(code, self.found)

    def __str__(self) -> str:
        where = f" case {self.case}" if self.case else ""
        lines = [f"{self.code}{where}: {self.found}"]
        if self.file is not None:
            lines.append(f"  file  {self.file}")
        if self.hint:
            lines.append(f"  next  {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        state = {"case": self.case, "file": self.file, "stage": self.stage, "hint": self.hint}
        return _rebuild, (type(self), self.code, self.found, state)


def _rebuild(kind: type[RadiotypeError], code: str, found: str, state: dict[str, str | None]) -> RadiotypeError:
    return kind(code, found, **state)


class RecipeError(RadiotypeError):
    """The recipe, the manifest or the command line asks for something that cannot be done. Ends the run."""

    prefix = "RT1"


class InputError(RadiotypeError):
    """A file of one case is missing, damaged or does not fit the others. Ends that case."""

    prefix = "RT2"


class ComputeError(RadiotypeError):
    """The data are sound but the number asked for does not exist. Ends that case or that analysis."""

    prefix = "RT3"


class StoreError(RadiotypeError):
    """The output folder cannot be used. Ends the run."""

    prefix = "RT4"


def unwritable(error: OSError, file: Path) -> StoreError:
    """What to tell a user when a file cannot be written: that no space is left, or another reason."""
    found = f"the file cannot be written ({error.strerror})"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError("RT405", found, file=file, hint="free some space; the same command goes on where it stopped")
    return StoreError("RT401", found, file=file, hint="choose another folder with -o")


class ModelError(RadiotypeError):
    """A model cannot be used, or a model and a table do not belong together. Ends the run."""

    prefix = "RT5"
