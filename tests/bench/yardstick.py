"""The yardstick: FastAPI, uvicorn and asyncpg, and nothing but one validated row inserted for each request.

`python -m tests.bench.yardstick <port>` with its database's address in YARDSTICK_DATABASE. What a service has, it has too: the same
event loop and parser, the same size of pool, the same PostgreSQL with its disk flush at each commit.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

POOL = 10
TABLE = "create table row (id uuid primary key, territory text not null, subject text not null, narrative text not null)"
_INSERT = "insert into row (id, territory, subject, narrative) values ($1, $2, $3, $4)"


class Row(BaseModel):
    territory: str
    subject: str
    narrative: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["YARDSTICK_DATABASE"], min_size=POOL, max_size=POOL) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/rows", status_code=201)
async def insert(row: Row, request: Request) -> dict[str, str]:
    id = uuid4()
    await request.app.state.pool.execute(_INSERT, id, row.territory, row.subject, row.narrative)
    return {"id": str(id)}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning", server_header=False)
