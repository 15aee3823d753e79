"""The HTTP face: FastAPI under uvicorn on loopback, with connections that can be made to break."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from tests.emulator.answer import ApiError, Call
from tests.emulator.dispatch import Dispatcher
from tests.emulator.faults import Fault
from tests.emulator.polling import HungUpError
from tests.emulator.spec import SpecError, Upload

JSON = "application/json"
BAD_GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"


class Protocol(HttpToolsProtocol):
    """uvicorn's own protocol, but the application can get at the connection in order to break it."""

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["transport"] = self.transport


class Server:
    """Listens on 127.0.0.1; may stop listening and come back on the same port."""

    def __init__(self, dispatcher: Dispatcher, token: str, port: int = 0) -> None:
        self.dispatcher, self.state = dispatcher, dispatcher.state
        self.token, self.port = token, port
        self.pulse = asyncio.Event()  # set after every call
        self.app = FastAPI(openapi_url=None)
        self.app.router.routes.append(Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]))
        self.app.router.routes.append(Route("/file/bot{token}/{path:path}", self._download, methods=["GET"]))
        self._uvicorn = ServerState()
        self._listener: asyncio.Server | None = None

    async def listen(self) -> None:
        """Accept connections (again)."""
        config = uvicorn.Config(
            self.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            date_header=False,
            timeout_keep_alive=600,  # an idle connection closed just as it is used again would be a fault nobody asked for
        )
        config.load()
        loop = asyncio.get_running_loop()
        # With the protocol named asyncio sets TCP_NODELAY; without it every answer waits 40 ms for a delayed ACK.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self.port))
        self.port = sock.getsockname()[1]
        self._listener = await loop.create_server(
            lambda: Protocol(config=config, server_state=self._uvicorn, app_state={}, _loop=loop),
            sock=sock,
            backlog=512,
        )

    async def refuse(self) -> None:
        """Stop listening and cut every connection: new ones are refused."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in tuple(self._uvicorn.connections):
            connection.transport.abort()
        if tasks := tuple(self._uvicorn.tasks):
            await asyncio.wait(tasks, timeout=5)
        await asyncio.sleep(0)

    async def _call(self, request: Request) -> Response:
        """One Bot API call."""
        if request.path_params["token"] != self.token:
            return _answer(401, json.dumps(ApiError(401, "Unauthorized").body).encode())
        method = request.path_params["method"]
        call = self.state.journal.add(method, self.state.clock.now())
        try:
            await self._read(request, call)
        except ValueError as problem:  # against the specification, or not even JSON
            self.state.violations.append(f"{method}: {problem}".removeprefix(f"{method}: {method}: ")[:500])
            return _answer(*self.dispatcher.refuse(call, ApiError(400, f"Bad Request: {problem}")))
        except ApiError as error:
            return _answer(*self.dispatcher.refuse(call, error))
        for hook in self.state.on_call:
            try:
                hook(call)
            except AssertionError as problem:
                self.state.violations.append(f"{call.method}: {problem}")
        try:
            return await self._finish(request, call, self.state.faults.take(call))
        except Exception as problem:
            self.state.violations.append(f"{method}: the emulator itself failed: {problem!r}")
            raise
        finally:
            self.pulse.set()

    async def _read(self, request: Request, call: Call) -> None:
        """Form, multipart or JSON into typed parameters."""
        given: dict[str, object] = dict(request.query_params)
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            async with request.form() as form:
                for name, value in form.multi_items():
                    if isinstance(value, UploadFile):
                        part = Upload(value.filename or name, await value.read(), value.content_type or "")
                        call.uploads[name] = part
                    else:
                        given[name] = value
        elif kind.startswith(JSON):
            body = json.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise SpecError(f"{call.method}: the JSON body is not an object")
            given |= body
        else:
            given |= parse_qsl((await request.body()).decode(), keep_blank_values=True)
        spec = self.state.spec
        if call.method not in self.dispatcher.methods:
            self.state.violations.append(f"{call.method}: unknown to the emulator")
            raise ApiError(404, "Not Found")
        fields = spec.methods[call.method]["fields"]
        given |= {name: part for name, part in call.uploads.items() if name in fields}
        call.params = spec.decode(call.method, given)

    async def _finish(self, request: Request, call: Call, fault: Fault | None) -> Response:
        """Carry out the call, with its fault before or after."""
        kind = call.fault = fault.kind if fault else None
        if fault is not None and fault.before:
            return await self._spoil(request, call, fault)
        if fault is not None and kind == "hang" and not await self._released(request, fault):
            return Response()
        try:
            status, body = await self.dispatcher.execute(call, fault, lambda: _gone(request))
        except HungUpError:
            return Response()
        if fault is None or kind is None or kind == "hang" or kind.endswith(("update", "updates", "batch")):
            call.fault = None if kind == "hang" else kind
            return _answer(status, body)
        return await self._after(request, fault, status, body)

    async def _spoil(self, request: Request, call: Call, fault: Fault) -> Response:
        """A fault without an effect."""
        if fault.kind == "non_json_502":
            return Response(BAD_GATEWAY, 502, media_type="text/html")
        if (error := fault.error) is not None:
            if fault.kind == "429":
                self.state.limits.refused(call, fault.retry_after)
            return _answer(*self.dispatcher.refuse(call, error))
        return await _break(request, reset=fault.kind == "reset")

    async def _after(self, request: Request, fault: Fault, status: int, body: bytes) -> Response:
        """A fault that spoils the answer to a call that had its effect."""
        match fault.kind:
            case "hang_after":
                return _answer(status, body) if await self._released(request, fault) else Response()
            case "truncated_json":
                return _answer(status, body[: len(body) // 2])
            case "truncated_body":
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
                _transport(request).write(head.encode() + body[: len(body) // 2])
                return await _break(request)
            case "slow":
                headers = {"content-length": str(len(body))}
                return StreamingResponse(_drops(body, fault.seconds), status, headers, JSON)
            case "500" | "502":
                error = ApiError(int(fault.kind), "Internal Server Error")
                return _answer(error.code, json.dumps(error.body).encode())
        return await _break(request, reset=fault.kind == "reset_after")

    async def _released(self, request: Request, fault: Fault) -> bool:
        """Wait for the test or for the caller to give up; True when the test let the call go on."""
        tasks = [asyncio.ensure_future(fault.released.wait()), asyncio.ensure_future(_gone(request))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        return fault.released.is_set()

    async def _download(self, request: Request) -> Response:
        """The bytes of a file; journalled as the method ``download``."""
        if request.path_params["token"] != self.token:
            return _answer(401, json.dumps(ApiError(401, "Unauthorized").body).encode())
        call = self.state.journal.add("download", self.state.clock.now())
        call.params = {"path": request.path_params["path"]}
        fault = self.state.faults.take(call)
        call.fault = fault.kind if fault else None
        if fault is not None and fault.before:
            return await self._spoil(request, call, fault)
        file = next((file for file in self.state.world.files.values() if file.path == call.params["path"]), None)
        if file is None:
            return _answer(*self.dispatcher.refuse(call, ApiError(404, "Not Found")))
        call.applied = True
        if fault is not None:
            if fault.kind == "hang" and await self._released(request, fault):
                return Response(file.data)
            return await self._after(request, fault, 200, file.data)
        return Response(file.data, media_type=file.mime or "application/octet-stream")


def _answer(status: int, body: bytes) -> Response:
    return Response(body, status, media_type=JSON)


def _transport(request: Request) -> asyncio.Transport:
    transport: Any = request.scope["state"]["transport"]
    assert isinstance(transport, asyncio.Transport)
    return transport


async def _gone(request: Request) -> None:
    """Returns when the caller has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _break(request: Request, *, reset: bool = False) -> Response:
    """Close the connection without (the rest of) an answer."""
    transport = _transport(request)
    if reset:
        linger = struct.pack("ii", 1, 0)  # closing sends RST instead of FIN
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    else:
        transport.close()
    await _gone(request)
    return Response()


async def _drops(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    """A body in small pieces, with a pause after each."""
    size = max(1, len(body) // 20)
    for start in range(0, len(body), size):
        yield body[start : start + size]
        await asyncio.sleep(seconds)
