import os
import socket
import struct
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.examine.channel import ChannelClosedError, open_channel, receive, send


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    ours.settimeout(2)
    with ours, theirs:
        yield ours, theirs


def test_a_message_arrives_as_it_was_sent(ends):
    ours, theirs = ends
    send(theirs, {"name": "Наурыз", "number": 1.5, "nothing": None})
    assert receive(ours) == ({"name": "Наурыз", "number": 1.5, "nothing": None}, [])


@pytest.mark.parametrize("shapes", [[(2, 3, 4, 3)], [(1,)], [(1, 1, 1, 3), (5, 4), (7,)], [(2, 2), (2, 2)]])
def test_arrays_arrive_behind_their_message(ends, shapes):
    ours, theirs = ends
    arrays = [np.arange(np.prod(shape), dtype=np.uint8).reshape(shape) + index for index, shape in enumerate(shapes)]
    turned = [array.T for array in arrays]
    send(theirs, {"timestamp_ms": 40.0}, arrays)
    send(theirs, {"timestamp_ms": 80.0}, turned)
    for time_ms, wanted in ((40.0, arrays), (80.0, turned)):
        message, found = receive(ours)
        assert message["timestamp_ms"] == time_ms
        assert message["shapes"] == [list(array.shape) for array in wanted]
        assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_a_large_message_passes_while_both_sides_work(ends):
    ours, theirs = ends
    pixels = np.random.default_rng(1).integers(0, 256, (5, 1024, 1024, 3), np.uint8)
    sender = threading.Thread(target=send, args=(theirs, {}, [pixels]))
    sender.start()
    assert np.array_equal(receive(ours)[1][0], pixels)
    sender.join()


def test_text_that_fits_into_no_table_is_mended(ends):
    ours, theirs = ends
    send(theirs, {"detail": "a\udcffb"})
    assert receive(ours)[0] == {"detail": "a?b"}


def header(text, pixels=0):
    return struct.pack("<II", text, pixels)


def said(text, pixels):
    return header(len(text), pixels) + text + bytes(pixels)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x01",
        header(10),
        header(10) + b"{}",
        header(2) + b"[]",
        header(4) + b"null",
        header(3) + b"{x}",
        header(2) + b"\xff\xfe",
        header(100_000) + b"[" * 100_000,
        said(b'{"shapes":[[3]]}', 4),
        said(b'{"shapes":[[-4]]}', 4),
        said(b'{"shapes":[[-2,-2]]}', 4),
        said(b'{"shapes":[[4],[0]]}', 4),
        said(b'{"shapes":[[2.0,2.0]]}', 4),
        said(b'{"shapes":["four"]}', 4),
        said(b'{"shapes":4}', 4),
        said(b"{}", 4),
        header((1 << 20) + 1),
        header(2, (256 << 20) + 1) + b"{}",
        header(0xFFFFFFFF, 0xFFFFFFFF),
    ],
)
def test_what_no_side_of_ours_sends_closes_the_channel(ends, sent):
    ours, theirs = ends

    def send_and_close():
        with suppress(OSError):  # the other side has seen enough and hung up
            theirs.sendall(sent)
            theirs.shutdown(socket.SHUT_WR)

    sending = threading.Thread(target=send_and_close)
    sending.start()
    with pytest.raises(ChannelClosedError):
        receive(ours)
    ours.close()
    sending.join()


@settings(max_examples=200, derandomize=True)
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda body: header(len(body)) + body)))
def test_garbage_never_raises_anything_else(sent):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(2)
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        try:
            message, _ = receive(ours)
        except ChannelClosedError:
            return
        assert isinstance(message, dict)


def test_silence_times_out(ends):
    ours, _ = ends
    ours.settimeout(0.1)
    with pytest.raises(TimeoutError):
        receive(ours)


def test_a_message_that_trickles_times_out_as_a_whole(ends):
    ours, theirs = ends
    ours.settimeout(0.4)
    is_over = threading.Event()

    def trickle():
        theirs.sendall(header(1000))
        while not is_over.wait(0.05):
            theirs.sendall(b" ")

    sender = threading.Thread(target=trickle)
    sender.start()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(ours)
    assert time.monotonic() - started < 2
    assert ours.gettimeout() == 0.4
    is_over.set()
    sender.join()


def test_no_end_has_the_timeout_that_a_library_gave_all_new_sockets():
    """An end with one does not wait in a child, whose own Python knows nothing of it."""
    socket.setdefaulttimeout(60)
    try:
        ends = open_channel()
    finally:
        socket.setdefaulttimeout(None)
    for end in ends:
        assert (end.gettimeout(), os.get_blocking(end.fileno())) == (None, True)
        end.close()
