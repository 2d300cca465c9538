"""The custom resources of Toprope: one folder and one line each."""

from toprope.kind import Kind
from toprope.kinds.searchindex.kind import SEARCH_INDEX
from toprope.kinds.shortenerapp.kind import SHORTENER_APP

KINDS: tuple[Kind, ...] = (SHORTENER_APP, SEARCH_INDEX)
