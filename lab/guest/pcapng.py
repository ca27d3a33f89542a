#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""usage: pcapng.py FILE: what a pcapng file says, as one JSON object.

Independent of the program that writes them: written from the format's draft."""
import json
import struct
import sys


def options(data):
    found = {}
    while len(data) >= 4:
        code, length = struct.unpack("<HH", data[:4])
        if code == 0:
            break
        found[code] = data[4:4 + length]
        data = data[4 + (length + 3) // 4 * 4:]
    return found


def blocks(data):
    while data:
        kind, total = struct.unpack("<II", data[:8])
        if total % 4 or total < 12 or total > len(data):
            raise ValueError(f"block of {total} bytes")
        if struct.unpack("<I", data[total - 4:total])[0] != total:
            raise ValueError("lengths of a block differ")
        yield kind, data[8:total - 4]
        data = data[total:]


def text(found, code):
    return found[code].decode() if code in found else None


def number(found, code):
    return struct.unpack("<Q", found[code])[0] if code in found else None


def on_packet(said, body):
    high, low, caplen, length = struct.unpack("<IIII", body[4:20])
    found = options(body[20 + (caplen + 3) // 4 * 4:])
    said["packets"].append({
        "time": high << 32 | low, "caplen": caplen, "len": length,
        "direction": {1: "in", 2: "out"}[struct.unpack("<I", found[2])[0] & 3],
        "comment": text(found, 1), "data": body[20:20 + caplen].hex()})


def main():
    said = {"packets": []}
    with open(sys.argv[1], "rb") as file:
        for kind, body in blocks(file.read()):
            if kind == 0x0a0d0d0a:
                if body[:4] != b"\x4d\x3c\x2b\x1a":
                    raise ValueError("not little-endian pcapng")
                said["comment"] = text(options(body[16:]), 1)
                said["program"] = text(options(body[16:]), 4)
            elif kind == 1:
                found = options(body[8:])
                said["snaplen"] = struct.unpack("<I", body[4:8])[0]
                said["device"] = text(found, 2)
                said["resolution"] = found[9][0]
                said["filter"] = found[11][1:].decode() if 11 in found else None
            elif kind == 6:
                on_packet(said, body)
            elif kind == 5:
                found = options(body[12:])
                said["received"], said["dropped"], said["accepted"] = (
                    number(found, code) for code in (4, 5, 6))
            else:
                raise ValueError(f"block of type {kind:#x}")
    json.dump(said, sys.stdout)


main()
