"""The custom resources of Toprope: one folder and one line each."""

from toprope.kind import Kind
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

KINDS: tuple[Kind, ...] = (SHORTENER_APP,)
