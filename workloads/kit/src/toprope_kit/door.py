"""Closing a listening socket without throwing anybody out.

A closed listener resets the connections that the kernel has already accepted for it and nobody has fetched yet. So the
door is shut first: a packet filter on the socket drops new connection attempts and nothing else; those clients try
again a second later and are then refused plainly. What waits inside is served before the socket is closed.
"""

import contextlib
import ctypes
import socket
import struct

SO_ATTACH_FILTER = 26
# Classic BPF over the TCP header: byte 13 holds the flags; SYN without ACK is dropped, all else passes.
_PROGRAM = (
    (0x30, 0, 0, 13),  # load the flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # pass
)
_UNACKED = struct.Struct("24xI")


def shut(sock: socket.socket) -> None:
    """Let no new connection in; where the kernel has no such filter, connections go on coming until the close."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _PROGRAM)
    held = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(_PROGRAM), ctypes.addressof(held))
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def waiting(sock: socket.socket) -> int:
    """Connections that are complete and not fetched yet."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _UNACKED.size)
    return int(_UNACKED.unpack(info)[0])
