"""The language server, spoken to over its standard streams by hand-written frames: no library of its own kind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest

from derive.cli import main

HOLE = '''from derive import J, P, R, by, calc, grad, tau, theorem, total
@theorem("one")
def one(): return calc(grad(J),  # 𝔼 🎲
    by(), grad(total(tau, P(tau) * R(tau))))
@theorem("two")
def two(): return calc(J, by(), 2 * J)
'''


class Client:
    """Sends frames, and collects those that come."""

    def __init__(self, folder: Path, options: Any) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "derive", "lsp"], cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.came: Queue[dict[str, Any]] = Queue()
        self.number = 0
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={}, initializationOptions=options)
        self.tell("initialized")

    def _read(self) -> None:
        assert self.process.stdout is not None
        while head := self.process.stdout.readline():
            if head.lower().startswith(b"content-length:"):
                length = int(head.split(b":")[1])
                while self.process.stdout.readline().strip():
                    pass
                self.came.put(json.loads(self.process.stdout.read(length)))

    def send(self, **message: Any) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, **params: Any) -> None:
        self.send(method=method, params=params)

    def ask(self, method: str, **params: Any) -> Any:
        self.number += 1
        self.send(id=self.number, method=method, params=params)
        while True:
            message = self.came.get(timeout=60)
            if message.get("id") == self.number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def told(self, method: str) -> Any:
        while (message := self.came.get(timeout=60)).get("method") != method:
            pass
        return message["params"]

    def open(self, file: Path) -> str:
        uri = file.as_uri()
        document = {"uri": uri, "languageId": "python", "version": 1, "text": file.read_text(encoding="utf-8")}
        self.tell("textDocument/didOpen", textDocument=document)
        return uri

    def save(self, uri: str) -> None:
        self.tell("textDocument/didSave", textDocument={"uri": uri})

    def end(self) -> int:
        self.ask("shutdown")
        self.tell("exit")
        status = self.process.wait(timeout=30)
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return status


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    pytest.importorskip("pygls")
    path = tmp_path / "proof.py"
    path.write_text(HOLE, encoding="utf-8")
    return path


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """The text after edits whose columns are UTF-16 code units, the last first."""
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    for edit in sorted(edits, key=lambda edit: -edit["range"]["start"]["line"]):
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["line"] == end["line"]
        row = lines[start["line"]]
        lines[start["line"]] = row[: 2 * start["character"]] + edit["newText"].encode("utf-16-le") + row[
            2 * end["character"]:]
    return "\n".join(line.decode("utf-16-le") for line in lines)


@pytest.mark.slow
def test_a_session(proof: Path) -> None:
    client = Client(proof.parent, {"trusted": True})
    uri = client.open(proof)
    client.save(uri)
    found = client.told("textDocument/publishDiagnostics")["diagnostics"]
    assert [(one["code"], one["severity"]) for one in found] == [("D003", 2), ("D001", 1)]
    assert found[0]["range"] == {"start": {"line": 3, "character": 4}, "end": {"line": 3, "character": 8}}
    document = {"textDocument": {"uri": uri}}
    said = client.ask("textDocument/hover", **document, position={"line": 0, "character": 22})
    assert said is None  # J is no rule
    action, = client.ask("textDocument/codeAction", **document, range=found[0]["range"], context={"diagnostics": []})
    assert (action["title"], action["isPreferred"]) == ("step 1 of one: by(definition(J))", True)
    mended = edited(HOLE, action["edit"]["changes"][uri])
    wanted = HOLE.replace("by(), grad", "by(definition(J)), grad")
    assert mended == wanted.replace("calc, grad", "calc, definition, grad")
    assert client.ask("textDocument/codeAction", **document, range=found[1]["range"], context={"diagnostics": []}) == []

    proof.write_text(mended, encoding="utf-8")
    client.tell("textDocument/didChange", textDocument={"uri": uri, "version": 2}, contentChanges=[{"text": mended}])
    assert client.ask("textDocument/codeAction", **document, range=found[0]["range"], context={"diagnostics": []}) == []
    client.save(uri)
    found = client.told("textDocument/publishDiagnostics")["diagnostics"]
    assert [one["code"] for one in found] == ["D001"]
    assert client.end() == 0


@pytest.mark.slow
def test_no_proof_runs_in_a_workspace_that_is_not_trusted(proof: Path) -> None:
    """The twin: the same file, which would leave a trace, leaves one only where it may run."""
    proof.write_text(f"open({str(proof.parent / 'ran')!r}, 'w').close()\n{HOLE}", encoding="utf-8")
    client = Client(proof.parent, {"trusted": "yes"})
    assert "not trusted" in client.told("window/showMessage")["message"]
    client.open(proof)
    place = {"line": 1, "character": 2}
    assert client.ask("textDocument/hover", textDocument={"uri": proof.as_uri()}, position=place) is None
    assert client.end() == 0
    assert not (proof.parent / "ran").exists()
    client = Client(proof.parent, {"trusted": True})
    uri = client.open(proof)  # to look at a file runs nothing
    assert client.ask("textDocument/hover", textDocument={"uri": uri}, position=place) is None
    assert not (proof.parent / "ran").exists()
    client.save(uri)
    client.told("textDocument/publishDiagnostics")
    assert (proof.parent / "ran").exists()
    client.end()


def test_a_rule_and_a_code_have_a_meaning() -> None:
    pytest.importorskip("pygls")
    from derive.integrations.language_server import meaning

    assert "∇ log f = ∇f / f" in meaning("log_derivative")
    assert "idle" in meaning("D010")
    assert meaning("tau") == meaning("") == ""


def test_without_pygls_it_says_what_to_install(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "derive.integrations.language_server", None)
    monkeypatch.setitem(sys.modules, "pygls", None)
    monkeypatch.delitem(sys.modules, "derive.integrations.language_server")
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    assert main(["lsp"]) == 2
    assert "derive-rl[lsp]" in capsys.readouterr().err
