"""Public data sets: found in a data directory, fetched whole or not at all, and nothing but `fetch` opens an address."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import re
import threading
import urllib.request

import pytest

from radiotype.errors import InputError, StoreError
from radiotype.io import datasets, fetch, find_data

NAME = "oracle_pam50_ror_200"
CONTENT = b"gene_name\tbasal\nESR1\t-2.7\n"


@pytest.fixture
def known(monkeypatch):
    """A catalogue of one set of one file."""
    file = datasets.DataFile("a.tsv", "https://example.org/a.tsv", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
    one = datasets.DataSet(NAME, "what", "licence", "source", (file,), "")
    by_hand = datasets.DataSet("by_hand", "a table", "licence", "https://example.org/x at 1", (), "load x.rda in R")
    monkeypatch.setattr(datasets, "catalogue", lambda: {NAME: one, "by_hand": by_hand})
    return file


def test_the_catalogue_is_whole():
    known = datasets.catalogue()
    assert len(known) >= 10
    for name, one in known.items():
        assert re.fullmatch(r"[a-z0-9_]+", name)
        assert one.what and one.licence and one.source.startswith("https://")
        assert bool(one.files) != bool(one.by_hand)
        for file in one.files:
            assert re.fullmatch(r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/[0-9a-f]{40}/[\w./]+", file.url)
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert 0 < file.n_bytes < datasets.MAX_DOWNLOAD_BYTES


def test_checksums_are_those_of_the_shared_files(shared):
    compared = 0
    for name, one in datasets.catalogue().items():
        for file in one.files:
            path = shared / "data" / "tabular" / name / file.name
            if path.exists():
                content = path.read_bytes()
                assert (file.n_bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
                compared += 1
    assert compared >= 3


# finding


@pytest.mark.parametrize("place", ["one", "tabular/one", "data/one", "data/tabular/one"])
def test_a_set_is_found_in_each_folder(tmp_path, monkeypatch, place):
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "a.csv").write_text("x")
    monkeypatch.setenv("RADIOTYPE_DATA", str(tmp_path))
    assert find_data("one") == tmp_path / place
    assert find_data("one", "a.csv") == find_data("one", "a") == tmp_path / place / "a.csv"
    assert find_data("one", directory=tmp_path) == tmp_path / place


def test_the_shared_folder_is_a_data_directory(shared, monkeypatch):
    monkeypatch.setenv("RADIOTYPE_DATA", str(shared / "data"))
    assert find_data(NAME, "pam50_centroids").name == "pam50_centroids.csv"
    assert fetch("genesets_msigdb_pathways", open_url=unused) == (
        find_data("genesets_msigdb_pathways", "h.all.v7.0.symbols.gmt"),
    )


@pytest.mark.parametrize(
    ("name", "file", "next_step"),
    [
        (NAME, None, f"radiotype data fetch {NAME}"),
        (NAME, "a", f"radiotype data fetch {NAME}"),
        (NAME, "b", "get it from source"),
        ("by_hand", None, "get it from https://example.org/x at 1"),
        ("by_hnd", None, "did you mean 'by_hand'"),
        ("own_data", None, "RADIOTYPE_DATA"),
    ],
)
def test_what_is_not_there_is_told_with_the_next_step(known, tmp_path, name, file, next_step):
    with pytest.raises(InputError, match="is not there") as caught:
        find_data(name, file, directory=tmp_path)
    assert caught.value.code == "RT220"
    assert next_step in caught.value.hint


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("..", None),
        ("a/b", None),
        ("", None),
        ("one", "../x"),
        ("one", "C:x"),
        ("a\\b", None),
        (None, None),
        (5, None),
        ("one", 5),
        ("one", ""),
    ],
)
def test_a_name_leads_nowhere_else(tmp_path, name, file):
    (tmp_path / "one").mkdir()
    with pytest.raises(InputError, match="plain name"):
        find_data(name, file, directory=tmp_path)


@pytest.mark.parametrize(("name", "file"), [("a" * 300, None), ("one", "a" * 300), ("a" * 300, "b"), ("one", "\ud800")])
def test_a_name_that_no_file_can_have_is_not_there(tmp_path, name, file):
    (tmp_path / "one").mkdir()
    with pytest.raises(InputError, match="is not there") as caught:
        find_data(name, file, directory=tmp_path)
    assert caught.value.code == "RT220"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/radiotype/data"),
        ("linux", {}, "/h/.cache/radiotype/data"),
        ("darwin", {}, "/h/Library/Caches/radiotype/data"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/radiotype/data"),
        ("linux", {"RADIOTYPE_DATA": "~/d"}, "/h/d"),
    ],
)
def test_where_data_lie_on_each_system(monkeypatch, platform, variables, expected):
    for name in ("RADIOTYPE_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/h", **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(datasets.sys, "platform", platform)
    assert datasets.data_directory().as_posix() == expected


# fetching


def unused(url):
    raise AssertionError(f"{url} was opened")


def sends(content):
    return lambda url: io.BytesIO(content)


def test_a_file_is_fetched_once(known, tmp_path):
    path = tmp_path / NAME / "a.tsv"
    assert fetch(NAME, directory=tmp_path, open_url=sends(CONTENT)) == (path,)
    assert path.read_bytes() == CONTENT
    assert fetch(NAME, directory=tmp_path, open_url=unused) == (path,)
    assert [one.name for one in path.parent.iterdir()] == ["a.tsv"]


def refuse(error):
    def open_url(url):
        raise error

    return open_url


class Breaks(io.BytesIO):
    """Sends some bytes, then fails."""

    def read(self, size=-1):
        if self.tell():
            raise TimeoutError
        return super().read(5)


@pytest.mark.parametrize(
    ("open_url", "words"),
    [
        (sends(CONTENT[:-1]), r"\(25 bytes\) is not what the catalogue expects"),
        (sends(CONTENT[:-1] + b"!"), r"\(26 bytes\) is not what"),
        (sends(CONTENT + b"!"), r"more than 26 bytes"),
        (sends(b""), r"\(0 bytes\)"),
        (sends(gzip.compress(CONTENT)), "is not what the catalogue expects"),
        (lambda url: Breaks(CONTENT), "could not be read"),
        (refuse(OSError("no network")), "could not be read"),
        (refuse(ValueError("no address")), "could not be read"),
    ],
)
def test_a_download_that_is_not_right_leaves_nothing(known, tmp_path, open_url, words):
    with pytest.raises(InputError, match=words) as caught:
        fetch(NAME, directory=tmp_path / "data", open_url=open_url)
    assert caught.value.code == "RT221"
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []
    assert not (tmp_path / "data" / NAME).exists()
    assert fetch(NAME, directory=tmp_path / "data", open_url=sends(CONTENT))


def test_an_endless_answer_is_not_read_to_its_end(known, tmp_path):
    n_read = 0

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            nonlocal n_read
            n_read += size
            return b"x" * size

    with pytest.raises(InputError, match="more than 26"):
        fetch(NAME, directory=tmp_path, open_url=lambda url: Endless())
    assert n_read <= 2**17


def test_another_file_in_its_place_is_never_overwritten(known, tmp_path):
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "a.tsv").write_bytes(b"mine")
    with pytest.raises(InputError, match="another file is in the place") as caught:
        fetch(NAME, directory=tmp_path, open_url=unused)
    assert caught.value.code == "RT221"
    assert (tmp_path / NAME / "a.tsv").read_bytes() == b"mine"


def test_only_https_is_opened(monkeypatch, tmp_path):
    file = datasets.DataFile("a", "http://example.org/a", "0" * 64, 1)
    monkeypatch.setattr(datasets, "catalogue", lambda: {"x": datasets.DataSet("x", "", "", "", (file,), "")})
    with pytest.raises(InputError, match="not https"):
        fetch("x", directory=tmp_path, open_url=unused)


def test_what_is_got_by_hand_says_how(known, tmp_path):
    with pytest.raises(
        InputError, match=r"by_hand cannot be fetched: a table; its files are made from https://example\.org/x"
    ) as caught:
        fetch("by_hand", directory=tmp_path, open_url=unused)
    assert caught.value.hint == f"load x.rda in R; put them into {tmp_path / 'by_hand'}"
    with pytest.raises(InputError, match="no data set 'by_hnd' to fetch, did you mean 'by_hand'"):
        fetch("by_hnd", directory=tmp_path, open_url=unused)


def test_a_folder_that_cannot_be_written_is_told(known, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError) as caught:
        fetch(NAME, directory=tmp_path / "data", open_url=sends(CONTENT))
    assert caught.value.code == "RT401"
    assert "RADIOTYPE_DATA" in caught.value.hint


def test_a_full_disk_leaves_nothing(known, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(datasets.os, "fsync", full)
    with pytest.raises(StoreError) as caught:
        fetch(NAME, directory=tmp_path, open_url=sends(CONTENT))
    assert caught.value.code == "RT405"
    assert list(tmp_path.iterdir()) == []


class Server(http.server.BaseHTTPRequestHandler):
    """Answers /a, leads /away to /a over http, and knows nothing else."""

    def do_GET(self):
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/a")
            self.end_headers()
        elif self.path == "/a":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CONTENT)
        else:
            self.send_error(404)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()
        thread.join()


def test_the_standard_library_is_asked_and_never_led_to_http(known, tmp_path, server, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    def at(path):
        return lambda url: datasets._open_https(server + path)

    assert fetch(NAME, directory=tmp_path / "a", open_url=at("/a"))
    with pytest.raises(InputError, match=r"could not be read .*not https"):
        fetch(NAME, directory=tmp_path / "b", open_url=at("/away"))
    with pytest.raises(InputError, match=r"could not be read .*Not Found"):
        fetch(NAME, directory=tmp_path / "c", open_url=at("/none"))


def test_finding_and_listing_open_no_address(tmp_path, monkeypatch):
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", unused)
    monkeypatch.setattr("socket.socket.connect", unused)
    with pytest.raises(InputError):
        find_data(NAME, directory=tmp_path)
    assert json.dumps([one.what for one in datasets.catalogue().values()])
