"""A hub of models on this machine: the part of its HTTP API that publishing and fetching use, kept in memory."""

import base64
import hashlib
import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

WRITES = "hf_" + "w" * 34  # may write to `acme`
READS = "hf_" + "r" * 34
LARGE = (".safetensors", ".onnx")


class Repository:
    """Branches, commits and what they hold."""

    def __init__(self, *, private: bool) -> None:
        self.private = private
        self.commits: dict[str, dict[str, bytes]] = {}
        self.branches: dict[str, str] = {}
        self.messages: list[str] = []
        self.commit("main", {}, "initial commit")

    def commit(self, branch: str, files: dict[str, bytes], message: str) -> str:
        sha = hashlib.sha1(f"{branch}{len(self.commits)}".encode()).hexdigest()
        self.commits[sha] = files
        self.branches[branch] = sha
        self.messages.append(message)
        return sha

    def find(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.branches.get(revision)


class Hub:
    """What is on it, and every request that came: (method, path, token)."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, str]] = []
        self.answer: tuple[int, str] | None = None  # instead of every other
        self.url = ""


@contextmanager
def serve():
    """A running hub."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer()

    def __getattr__(self, name: str):
        if name in ("do_HEAD", "do_POST", "do_PUT"):
            return self.do_GET
        raise AttributeError(name)

    def log_message(self, *_) -> None:
        pass

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.hub.requests.append((self.command, path, self.token))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.hub.answer is not None:
            self.refuse(*self.hub.answer)
            return
        if self.token not in ("", READS, WRITES):
            self.refuse(401, "Invalid credentials in Authorization header")
            return
        for pattern, act in self.routes:
            found = re.fullmatch(pattern, f"{self.command} {path}")
            if found:
                act(self, *found.groups())
                return
        self.refuse(404, f"no such path {path}")

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def give(self, value) -> None:
        self.send(200, json.dumps(value).encode(), Content_Type="application/json")

    def refuse(self, status: int, message: str, code: str = "") -> None:
        body = json.dumps({"error": message}).encode()
        self.send(
            status,
            body,
            Content_Type="application/json",
            X_Error_Message=message,
            **({"X_Error_Code": code} if code else {}),
        )

    def repository(self, name: str, *, write: bool = False) -> Repository | None:
        found = self.hub.repositories.get(name)
        if found is None or (found.private and self.token != WRITES):
            self.refuse(401 if not self.token else 404, "Repository not found", "RepoNotFound")
            return None
        if write and self.token != WRITES:
            self.refuse(403, "Forbidden: you need write access")
            return None
        return found

    def create(self) -> None:
        asked = json.loads(self.body)
        name = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] not in ("acme", "others"):
            self.refuse(404, "No such organization")
        elif self.token != WRITES or asked["organization"] != "acme":
            self.refuse(403, "You don't have the rights to create a model under this namespace")
        elif name in self.hub.repositories:
            self.send(409, json.dumps({"url": f"{self.hub.url}/{name}"}).encode())
        else:
            private = asked.get("visibility") == "private" or bool(asked.get("private"))
            self.hub.repositories[name] = Repository(private=private)
            self.give({"url": f"{self.hub.url}/{name}"})

    def validate(self) -> None:
        text = json.loads(self.body)["content"]
        good = re.match(r"---\n.*?\n---\n", text, re.DOTALL) is not None
        self.send(200 if good else 400, json.dumps({"errors": [], "warnings": []}).encode())

    def info(self, name: str, revision: str | None = None) -> None:
        repository = self.repository(name)
        if repository is None:
            return
        sha = repository.find(revision or "main")
        if sha is None:
            self.refuse(404, "Invalid rev id", "RevisionNotFound")
            return
        files = [{"rfilename": path} for path in sorted(repository.commits[sha])]
        self.give(
            {
                "id": name,
                "modelId": name,
                "sha": sha,
                "private": repository.private,
                "siblings": files,
            }
        )

    def branch(self, name: str, branch: str) -> None:
        repository = self.repository(name, write=True)
        if repository is None:
            return
        if branch in repository.branches:
            self.refuse(409, "Reference already exists")
            return
        repository.branches[branch] = repository.branches["main"]
        self.give({})

    def tree(self, name: str, revision: str) -> None:
        repository = self.repository(name)
        if repository is None:
            return
        sha = repository.find(revision)
        if sha is None:
            self.refuse(404, "Invalid rev id", "RevisionNotFound")
            return
        found = []
        for path, content in sorted(repository.commits[sha].items()):
            entry = {"type": "file", "path": path, "size": len(content), "oid": blob(content)}
            if path.endswith(LARGE):
                digest = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 100}
            found.append(entry)
        self.give(found)

    def preupload(self, name: str, revision: str) -> None:
        repository = self.repository(name, write=True)
        if repository is None:
            return
        files = repository.commits[repository.find(revision)]
        self.give(
            {
                "files": [
                    {
                        "path": each["path"],
                        "uploadMode": "lfs" if each["path"].endswith(LARGE) else "regular",
                        "shouldIgnore": False,
                        "oid": blob(files[each["path"]]) if each["path"] in files else None,
                    }
                    for each in json.loads(self.body)["files"]
                ]
            }
        )

    def batch(self, name: str) -> None:
        if self.repository(name, write=True) is None:
            return
        objects = []
        for each in json.loads(self.body)["objects"]:
            entry = {"oid": each["oid"], "size": each["size"]}
            if each["oid"] not in self.hub.large:
                href = f"{self.hub.url}/large/{each['oid']}"
                entry["actions"] = {"upload": {"href": href}}
            objects.append(entry)
        self.give({"transfer": "basic", "objects": objects})

    def put_large(self, digest: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == digest
        self.hub.large[digest] = self.body
        self.send(200, b"")

    def commit(self, name: str, revision: str) -> None:
        repository = self.repository(name, write=True)
        if repository is None:
            return
        files = dict(repository.commits[repository.find(revision)])
        message = ""
        for line in map(json.loads, self.body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                message = value["summary"]
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        sha = repository.commit(revision, files, message)
        self.give({"commitUrl": f"{self.hub.url}/{name}/commit/{sha}", "commitOid": sha})

    def resolve(self, name: str, revision: str, path: str) -> None:
        repository = self.repository(name)
        if repository is None:
            return
        sha = repository.find(revision)
        content = repository.commits[sha].get(path) if sha else None
        if content is None:
            self.refuse(404, "Entry not found", "EntryNotFound")
            return
        self.send(200, content, ETag=f'"{blob(content)}"', X_Repo_Commit=sha)

    routes = (
        (r"POST /api/repos/create", create),
        (r"POST /api/validate-yaml", validate),
        (r"GET /api/models/([^/]+/[^/]+)", info),
        (r"GET /api/models/([^/]+/[^/]+)/revision/(.+)", info),
        (r"GET /api/models/([^/]+/[^/]+)/tree/([^/]+)", tree),
        (r"POST /api/models/([^/]+/[^/]+)/branch/(.+)", branch),
        (r"POST /api/models/([^/]+/[^/]+)/preupload/(.+)", preupload),
        (r"POST /api/models/([^/]+/[^/]+)/commit/(.+)", commit),
        (r"POST /([^/]+/[^/]+)\.git/info/lfs/objects/batch", batch),
        (r"PUT /large/([0-9a-f]+)", put_large),
        (r"(?:GET|HEAD) /([^/]+/[^/]+)/resolve/([^/]+)/(.+)", resolve),
    )


def blob(content: bytes) -> str:
    """What git calls a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
