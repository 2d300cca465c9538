"""The playground at `/`: three files that are served as they are."""

from hashlib import blake2b
from pathlib import Path

from fastapi import APIRouter, Request, Response

FOLDER = Path(__file__).parent / "playground"
FILES = {"": ("index.html", "text/html"), "playground.css": ("playground.css", "text/css"),
         "playground.js": ("playground.js", "text/javascript")}  # fmt: skip

# A candidate that it compares with lies at another address.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' http: https:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/playground.css")
@router.get("/playground.js")
async def playground(request: Request) -> Response:
    """One of its files."""
    name, kind = FILES[request.url.path.lstrip("/")]
    content = (FOLDER / name).read_bytes()
    tag = f'"{blake2b(content, digest_size=8).hexdigest()}"'
    headers = {
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        # A release brings another one under the same name.
        "Cache-Control": "no-cache",
        "ETag": tag,
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=f"{kind}; charset=utf-8", headers=headers)
