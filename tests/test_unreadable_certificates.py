"""What is no certificate is said with its value, its place and the next move."""

from pathlib import Path

import pytest

from derive.certificates.verify import NotCertified, read


@pytest.mark.parametrize(("content", "said"), [
    (b"", "the file is empty"),
    (b"x", "line 1, column 1 is not JSON (found 'x')"),
    (b'{"a": ', "line 1, column 7 is not JSON (found the end of the file)"),
    (b"\xff", "byte 0 is no UTF-8"),
    (b"[" * 100_000, "its lists are nested too deeply"),
])
def test_no_certificate(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "c.json"
    file.write_bytes(content)
    with pytest.raises(NotCertified) as caught:
        read(file)
    assert str(caught.value) == f"{file}: no certificate: {said}. Make one with derive check --certificate FILE."


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema": 3}', '"x"'])
def test_another_form(tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.json"
    file.write_text(text)
    with pytest.raises(NotCertified) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}: not a certificate of schema ")
    assert str(caught.value).endswith(". Make one with derive check --certificate FILE.")
    with pytest.raises(NotCertified, match="not a plain file"):
        read(tmp_path)
    with pytest.raises(NotCertified, match="Check the path"):
        read(tmp_path / "none.json")
