"""The virtual machine of BPF, as libpcap's compiler writes programs for it.

McCanne and Jacobson, "The BSD Packet Filter: A New Architecture for User-level Packet Capture", 1993; the
numbers are those of <pcap/bpf.h>. A load from behind the packet's end ends a program with 0, as there.
"""

from __future__ import annotations

from array import array

import cython


@cython.locals(
    buffer=cython.const_uchar[::1],
    starts=cython.const_longlong[::1],
    lengths=cython.const_longlong[::1],
    original_lengths=cython.const_longlong[::1],
    count=cython.Py_ssize_t,
    codes=cython.const_longlong[::1],
    if_true=cython.const_longlong[::1],
    if_false=cython.const_longlong[::1],
    constants=cython.const_ulonglong[::1],
    kept=cython.uchar[::1],
    index=cython.Py_ssize_t,
    step=cython.Py_ssize_t,
    steps=cython.Py_ssize_t,
    start=cython.Py_ssize_t,
    length=cython.ulonglong,
    code=cython.longlong,
    operand=cython.ulonglong,
    at=cython.ulonglong,
    size=cython.ulonglong,
    place=cython.Py_ssize_t,
    a=cython.ulonglong,
    x=cython.ulonglong,
    k=cython.ulonglong,
    mask=cython.ulonglong,
    verdict=cython.ulonglong,
    hop=cython.longlong,
    returns=cython.ulonglong,
    holds=cython.bint,
    memory=cython.ulonglong[16],
)
def select(
    buffer: bytes | bytearray | memoryview,
    starts: array[int],
    lengths: array[int],
    original_lengths: array[int],
    count: int,
    codes: array[int],
    if_true: array[int],
    if_false: array[int],
    constants: array[int],
    kept: bytearray,
) -> None:
    """Mark with 1 in `kept` the packets for which a program returns another number than 0, all else with 0.

    The program is in columns, `constants` of which are unsigned. One that runs out of its end returns 0, and
    so does one that goes back more often than a packet has octets for it to look at.
    """
    # Compiled, the same is an array of C.
    memory = [0] * 16
    mask = 0xFFFFFFFF
    steps = len(codes)
    for index in range(count):
        start = starts[index]
        length = lengths[index]
        a = 0
        x = 0
        verdict = 0
        returns = 0
        for place in range(16):
            memory[place] = 0
        step = 0
        while step < steps:
            code = codes[step]
            k = constants[step]
            if code & 7 == 5:  # JMP
                if code == 0x05:
                    hop = k
                    if hop > 0x7FFFFFFF:
                        # Back, as "protochain" goes from one header to the next; each has an octet at least.
                        hop -= 4294967296
                        returns += 1
                        if returns > length * steps or step + 1 + hop < 0:
                            break
                    step += 1 + hop
                    continue
                operand = x if code & 8 else k
                if code & 0xF0 == 0x10:
                    holds = a == operand
                elif code & 0xF0 == 0x20:
                    holds = a > operand
                elif code & 0xF0 == 0x30:
                    holds = a >= operand
                else:
                    holds = a & operand != 0
                step += 1 + (if_true[step] if holds else if_false[step])
                continue
            if code & 7 == 0 and code & 0xE0 in (0x20, 0x40):  # LD ABS, LD IND
                at = k if code & 0xE0 == 0x20 else k + x
                size = 4 if code & 0x18 == 0 else 2 if code & 0x18 == 8 else 1
                if at + size > length:
                    break
                a = 0
                for place in range(
                    start + cython.cast(cython.Py_ssize_t, at),
                    start + cython.cast(cython.Py_ssize_t, at + size),
                ):
                    a = a << 8 | buffer[place]
            elif code & 7 == 6:  # RET
                verdict = a if code & 0x18 == 0x10 else x if code & 0x18 == 8 else k
                break
            elif code & 7 == 4:  # ALU
                operand = x if code & 8 else k
                if code & 0xF0 == 0x00:
                    a = a + operand & mask
                elif code & 0xF0 == 0x10:
                    a = a - operand & mask
                elif code & 0xF0 == 0x20:
                    a = a * operand & mask
                elif code & 0xF0 == 0x30:
                    if operand == 0:
                        break
                    a = a // operand
                elif code & 0xF0 == 0x40:
                    a = a | operand
                elif code & 0xF0 == 0x50:
                    a = a & operand
                elif code & 0xF0 == 0x60:
                    a = a << operand & mask if operand < 32 else 0
                elif code & 0xF0 == 0x70:
                    a = a >> operand if operand < 32 else 0
                elif code & 0xF0 == 0x80:
                    a = 0 - a & mask
                elif code & 0xF0 == 0x90:
                    if operand == 0:
                        break
                    a = a % operand
                elif code & 0xF0 == 0xA0:
                    a = a ^ operand
            elif code == 0xB1:  # LDX MSH: the length of an IPv4 header
                if k >= length:
                    break
                x = (buffer[start + k] & 15) << 2
            elif code == 0x00:  # LD IMM
                a = k
            elif code == 0x01:  # LDX IMM
                x = k
            elif code == 0x80:  # LD LEN
                a = original_lengths[index] & mask
            elif code == 0x81:  # LDX LEN
                x = original_lengths[index] & mask
            elif code == 0x07:  # TAX
                x = a
            elif code == 0x87:  # TXA
                a = x
            elif k < 16:
                if code == 0x60:  # LD MEM
                    a = memory[k]
                elif code == 0x61:  # LDX MEM
                    x = memory[k]
                elif code == 0x02:  # ST
                    memory[k] = a
                elif code == 0x03:  # STX
                    memory[k] = x
            step += 1
        kept[index] = verdict != 0
