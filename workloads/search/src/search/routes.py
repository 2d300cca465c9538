"""The API under /v1. A route parses, calls one thing and returns."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response, Security
from fastapi import Path as InPath
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from search.models import (
    Asked,
    Body,
    Depth,
    Hnsw,
    Index,
    K,
    Model,
    Recall,
    Results,
    RrfK,
    Shown,
    Weight,
    Written,
    sent,
)
from search.oracle import Sample
from search.parts import Parts
from search.query import question as questions
from search.query.fuse import Fusion
from search.query.question import Mode, Question
from toprope_kit.problem import (
    BadRequest,
    Forbidden,
    NotFound,
    Problem,
    Unauthorized,
    Unavailable,
    Unprocessable,
    problem_responses,
)

router = APIRouter(prefix="/v1")
scheme = HTTPBearer(auto_error=False, scheme_name="key", bearerFormat="tr_<id>_<secret>", description="An API key.")
PREVIEW = (b"toprope-route", b"preview")

Id = Annotated[str, InPath(min_length=1, max_length=512, description="The document's id.", examples=["1706.03762"])]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next` of the page before.")]


def parts(request: Request) -> Parts:
    """All that this worker holds."""
    found: Parts = request.app.state.parts
    return found


AllParts = Annotated[Parts, Depends(parts)]


def writer(
    request: Request,
    at: AllParts,
    key: HTTPAuthorizationCredentials | None = Security(scheme),  # noqa: B008 - FastAPI reads it
) -> None:
    """Let in who has the key."""
    at.desk.let_in(request.headers.get("authorization"))


def answers(status: int, text: str, *problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What a route may answer."""
    return {status: {"description": text}, **problem_responses(Unprocessable, Unavailable, *problems)}


async def answered(request: Request, at: Parts, asked: Question, cursor: str | None) -> Response:
    """One page; some are compared with the exact answer afterwards."""
    engine = at.engine
    answer = await engine.answer(asked, cursor)
    if asked.mode != "lexical" and asked.without is None and PREVIEW not in request.scope["headers"]:
        at.oracle.offer(Sample(answer.vector, asked.filters, tuple(answer.near)))
    body = sent(answer, engine.generation, asked.mode, explain=asked.explain)
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/search", operation_id="search", summary="Search", tags=["search"], response_model=Results,
    responses=answers(200, "The best documents, best first.", BadRequest),
)  # fmt: skip
async def search(  # noqa: PLR0913 - each is a word of the query string
    request: Request,
    at: AllParts,
    q: Annotated[str, Query(description="What is looked for.", examples=["robots that learn to walk"])],
    k: Annotated[K, Query(description="Rows of a page.")] = 10,
    mode: Annotated[Mode | None, Query(description="Left out: hybrid where the index has words.")] = None,
    filter: Annotated[  # noqa: A002 - the word in the address
        list[str] | None, Query(description="field:value; the same field twice means either.", max_length=256)
    ] = None,
    explain: Annotated[bool, Query(description="Tell ranks, scores and distances.")] = False,
    cursor: Cursor = None,
    depth: Annotated[Depth, Query(description="Documents of each list that are ranked.")] = 100,
    rrf_k: Annotated[RrfK, Query(alias="rrfK", description="Of reciprocal rank fusion.")] = 60.0,
    vector_weight: Annotated[Weight, Query(alias="vectorWeight")] = 1.0,
    lexical_weight: Annotated[Weight, Query(alias="lexicalWeight")] = 1.0,
) -> Response:
    """By meaning, by words, or by both: two rankings become one by reciprocal rank fusion."""
    generation = at.engine.generation
    asked = Question(
        mode=questions.mode(mode, generation),
        text=questions.text(q),
        filters=questions.filters(questions.parsed(filter or []), generation),
        k=k,
        depth=max(k, depth),
        fusion=Fusion(rrf_k, vector_weight, lexical_weight),
        explain=explain,
    )
    return await answered(request, at, asked, cursor)


@router.post(
    "/search", operation_id="searchLong", summary="Search with a long question, or a vector", tags=["search"],
    response_model=Results, responses=answers(200, "The best documents, best first.", BadRequest),
)  # fmt: skip
async def search_long(request: Request, at: AllParts, body: Asked) -> Response:
    """The same as GET; `vector` instead of `q`, or beside it, asks with a vector of your own."""
    generation = at.engine.generation
    mode = questions.mode(body.mode, generation) if body.q else (body.mode or "vector")
    if body.q is None and (body.vector is None or mode != "vector"):
        raise questions.wrong("q", "Without it only mode=vector with a vector can be asked.")
    asked = Question(
        mode=mode,
        text="" if body.q is None else questions.text(body.q),
        vector=None if body.vector is None else questions.vector(body.vector, generation),
        filters=questions.filters(body.filters, generation),
        k=body.k,
        depth=max(body.k, body.depth),
        fusion=Fusion(body.rrf_k, body.vector_weight, body.lexical_weight),
        explain=body.explain,
    )
    return await answered(request, at, asked, body.cursor)


@router.get(
    "/documents/{id:path}/similar", operation_id="similar", summary="Documents alike", tags=["search"],
    response_model=Results, responses=answers(200, "The nearest documents, nearest first.", NotFound, BadRequest),
)  # fmt: skip
async def similar(
    request: Request,
    id: Id,  # noqa: A002 - the word in the address
    at: AllParts,
    k: K = 10,
    explain: bool = False,
    cursor: Cursor = None,
) -> Response:
    """By the document's own vector; it is not among them itself."""
    vector = await at.desk.vector(id)
    asked = Question(mode="vector", vector=vector, k=k, depth=max(k, 100), explain=explain, without=id)
    return await answered(request, at, asked, cursor)


@router.get(
    "/documents/{id:path}", operation_id="readDocument", summary="Read a document", tags=["documents"],
    responses=answers(200, "The document.", NotFound),
)  # fmt: skip
async def read_document(id: Id, at: AllParts) -> Shown:  # noqa: A002
    """As it is kept."""
    kept = await at.desk.show(id)
    one = kept.document
    return Shown(
        id=one.id, title=one.title, text=one.body, filters=one.filters, changed_at=kept.changed_at,
        sequence=kept.sequence,
    )  # fmt: skip


@router.put(
    "/documents/{id:path}", operation_id="writeDocument", summary="Write a document", tags=["documents"],
    dependencies=[Depends(writer)], responses=answers(200, "It was taken.", Unauthorized, Forbidden),
)  # fmt: skip
async def write_document(id: Id, body: Body, at: AllParts) -> Written:  # noqa: A002
    """Found by its words at once, and by its meaning as soon as it is embedded. It stays as you write it until the
    source's own line of that id changes."""
    return Written(id=id, sequence=await at.desk.write(id, body))


@router.delete(
    "/documents/{id:path}", status_code=204, response_class=Response, operation_id="deleteDocument",
    summary="Delete a document", tags=["documents"], dependencies=[Depends(writer)],
    responses=answers(204, "It is gone.", Unauthorized, Forbidden, NotFound),
)  # fmt: skip
async def delete_document(id: Id, at: AllParts) -> None:  # noqa: A002
    """It stays gone until the source's own line of that id changes."""
    await at.desk.remove(id)


@router.get(
    "/index", operation_id="readIndex", summary="What serves", tags=["index"], responses=answers(200, "The index.")
)
async def read_index(at: AllParts) -> Index:
    """The generation that answers, how it was made, what it was measured to find, and how far it has followed."""
    row, card = await at.desk.about(), at.embedder.card
    recall = row["recall_trials"]
    return Index(
        generation=row["name"], state=row["state"], source=row["source"],
        model=Model(name=card.name, digest=card.digest, dimension=card.dimension, token_limit=card.token_limit),
        metric=row["metric"], quantization=row["quantization"], hybrid=row["hybrid"],
        hnsw=Hnsw(m=row["hnsw_m"], ef_construction=row["hnsw_ef_construction"], ef_search=at.live.now.ef_search),
        filters=row["filter_fields"], sequence=row["sequence"], position=row["position"], documents=row["counted"],
        embedded=row["embedded"], unchanged=row["unchanged"], rejected=row["rejected"],
        recall=None if recall is None else Recall(
            trials=recall, hits=row["recall_hits"], lower_bound=row["recall_lower"], mean_overlap=row["overlap"]
        ),
        ndcg=row["ndcg"], progress=orjson.loads(row["progress"]), loaded_at=row["loaded_at"],
        ready_at=row["ready_at"], candidate=at.live.now.candidate,
    )  # fmt: skip
