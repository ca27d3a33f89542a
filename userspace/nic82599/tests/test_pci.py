# SPDX-License-Identifier: GPL-2.0
"""Configuration space, interrupts and guest memory."""

import errno
import os
import struct
import time

import vfu_client as v
from test_protocol import Base
from vfu_client import refused, signalled

CMD_IO, CMD_MEM, CMD_MASTER, CMD_NO_INTX = 1, 2, 4, 0x400
MSI_CTRL, MSIX_CTRL, PM_CTRL, DEVCTL = 0x52, 0x72, 0x44, 0xa8
MSIX_ON, MSIX_ALL = 0x8000, 0x4000
# registers of the stub device
S_MSIX, S_INTX = 0x100, 0x104
S_ADDR, S_LEN, S_DMA, S_RESULT, S_SUM = 0x110, 0x118, 0x11c, 0x120, 0x124
S_TIMER, S_FIRED, S_RESETS, S_BME = 0x128, 0x12c, 0x210, 0x214
TO_GUEST, FROM_GUEST, PTR_WRITE, PTR_READ = 1, 2, 3, 4


class Config(Base):
    def test_identity(self):
        for port, pin in ((0, 1), (1, 2)):
            c = self.client(port)
            self.assertEqual(c.read32(v.CONFIG, 0), 0x10fb8086)
            self.assertEqual(c.read32(v.CONFIG, 8), 0x02000001)
            self.assertEqual(c.read(v.CONFIG, 0x3d, 1)[0], pin)
            self.assertEqual(c.read32(v.CONFIG, 0x2c), 0x00038086)

    def test_capability_chain(self):
        c = self.client()
        seen, at = {}, c.read(v.CONFIG, 0x34, 1)[0]
        while at:
            ident, nxt = c.read(v.CONFIG, at, 2)
            seen[ident] = at
            at = nxt
        self.assertEqual(seen, {1: 0x40, 5: 0x50, 0x11: 0x70, 0x10: 0xa0})
        ext, at = {}, 0x100
        while at:
            header = c.read32(v.CONFIG, at)
            ext[header & 0xffff] = at
            at = header >> 20
        self.assertEqual(ext, {1: 0x100, 3: 0x140})
        self.assertEqual(c.read32(v.CONFIG, 0x74), 4)
        self.assertEqual(c.read32(v.CONFIG, 0x78), 0x2004)
        self.assertEqual(c.read16(v.CONFIG, MSIX_CTRL) & 0x7ff, 63)

    def test_serial_number_is_the_mac(self):
        self.assertEqual(self.client(1).read(v.CONFIG, 0x144, 8),
                         bytes([1, 0, 0x90, 0xff, 0xff, 0x59, 0x82, 2]))

    def test_bar_sizing(self):
        c = self.client()
        sizes = []
        for bar in range(6):
            c.write32(v.CONFIG, 0x10 + 4 * bar, 0xffffffff)
            sizes.append(c.read32(v.CONFIG, 0x10 + 4 * bar))
        self.assertEqual(sizes, [0xfffe000c, 0xffffffff, 0xffffffe1, 0, 0xffffc00c, 0xffffffff])
        c.write32(v.CONFIG, 0x30, 0xfffff801)
        self.assertEqual(c.read32(v.CONFIG, 0x30), 0)

    def test_read_only_bits_stay(self):
        c = self.client()
        before = c.read(v.CONFIG, 0, 4096)
        c.write(v.CONFIG, 0, b"\xff" * 0x44)
        after = c.read(v.CONFIG, 0, 4096)
        for off in (0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 14, 0x2c, 0x2e, 0x34, 0x3d, 0x40, 0x42):
            self.assertEqual(after[off], before[off], hex(off))
        self.assertEqual(c.read16(v.CONFIG, 4), 0x547)

    def test_flr(self):
        c = self.client()
        c.enable()
        c.write32(v.CONFIG, 0x10, 0xfe000000)
        c.write16(v.CONFIG, DEVCTL, 0x2850)
        resets = c.reg(S_RESETS)
        c.set_reg(0x400, 5)
        c.write16(v.CONFIG, DEVCTL, 0x2850 | 0x8000)
        self.assertEqual(c.read16(v.CONFIG, 4), 0)
        self.assertEqual(c.read32(v.CONFIG, 0x10), 0xc)
        self.assertEqual(c.read16(v.CONFIG, DEVCTL), 0x2850)	# payload size stays
        c.enable()
        self.assertEqual(c.reg(0x400), 0)
        self.assertEqual(c.reg(S_RESETS), resets + 1)

    def test_power_states(self):
        c = self.client()
        c.enable()
        resets = c.reg(S_RESETS)
        c.write16(v.CONFIG, PM_CTRL, 1)		# D1: not there
        self.assertEqual(c.read16(v.CONFIG, PM_CTRL), 0)
        c.write16(v.CONFIG, PM_CTRL, 3)
        self.assertEqual(c.read16(v.CONFIG, PM_CTRL), 3)
        self.assertEqual(c.reg(0), 0xffffffff)
        c.write16(v.CONFIG, PM_CTRL, 0)
        self.assertEqual(c.read16(v.CONFIG, 4), 0)
        c.enable()
        self.assertEqual(c.reg(S_RESETS), resets + 1)

    def test_bus_master_change_is_told(self):
        c = self.client()
        c.enable(CMD_MEM)
        self.assertEqual(c.reg(S_BME), 0)
        c.enable(CMD_MEM | CMD_MASTER)
        c.enable(CMD_MEM | CMD_MASTER)
        self.assertEqual(c.reg(S_BME), 1)

    def test_timer(self):
        c = self.client()
        c.enable()
        c.set_reg(S_TIMER, 20000)
        self.assertEqual(c.reg(S_FIRED), 0)
        time.sleep(0.1)
        self.assertEqual(c.reg(S_FIRED), 1)


class Interrupts(Base):
    def setUp(self):
        super().setUp()
        self.c = self.client()
        self.c.enable()
        self.fds = []

    def eventfds(self, n):
        new = [os.eventfd(0, os.EFD_NONBLOCK) for _ in range(n)]
        for fd in new:
            self.addCleanup(os.close, fd)
        return new

    def msix(self, n=64):
        fds = self.eventfds(n)
        self.c.write16(v.CONFIG, MSIX_CTRL, MSIX_ON)
        for start in range(0, n, 16):
            self.c.set_eventfds(v.MSIX, fds[start:start + 16], start)
        return fds

    def counts(self, fds):
        return [i for i, fd in enumerate(fds) if signalled(fd)]

    def test_msix_each_vector(self):
        fds = self.msix()
        for vector in range(64):
            self.c.set_reg(S_MSIX, vector)
            self.assertEqual(self.counts(fds), [vector])
        for vector in (64, 0xffffffff):
            self.c.set_reg(S_MSIX, vector)
        self.assertEqual(self.counts(fds), [])

    def test_msix_off_or_no_bus_master(self):
        fds = self.msix(4)
        self.c.enable(CMD_MEM)
        self.c.set_reg(S_MSIX, 1)
        self.assertEqual(self.counts(fds), [])
        self.c.enable()
        self.c.write16(v.CONFIG, MSIX_CTRL, 0)
        self.c.set_reg(S_MSIX, 1)
        self.c.write16(v.CONFIG, MSIX_CTRL, MSIX_ON)
        self.assertEqual(self.counts(fds), [])

    def test_msix_function_mask(self):
        fds = self.msix(4)
        self.c.write16(v.CONFIG, MSIX_CTRL, MSIX_ON | MSIX_ALL)
        self.c.set_reg(S_MSIX, 2)
        self.c.set_reg(S_MSIX, 2)
        self.assertEqual(self.counts(fds), [])
        self.assertEqual(self.c.read32(v.BAR4, 0x2000), 4)
        self.c.write16(v.CONFIG, MSIX_CTRL, MSIX_ON)
        self.assertEqual(signalled(fds[2]), 1)
        self.assertEqual(self.c.read32(v.BAR4, 0x2000), 0)

    def test_msix_table_mask(self):
        fds = self.msix(4)
        table = b"".join(struct.pack("QII", 0xfee00000, i, 0) for i in range(64))
        self.c.write(v.BAR4, 0, table)
        self.assertEqual(self.c.read(v.BAR4, 0, 1024), table)
        self.c.write32(v.BAR4, 0x1c, 0xffffffff)
        self.assertEqual(self.c.read32(v.BAR4, 0x1c), 1)
        self.c.set_reg(S_MSIX, 1)
        self.c.set_reg(S_MSIX, 2)
        self.assertEqual(self.counts(fds), [2])
        self.assertEqual(self.c.read(v.BAR4, 0x2000, 8), b"\x02" + b"\0" * 7)
        self.c.write(v.BAR4, 0x2000, b"\xff" * 8)
        self.assertEqual(self.c.read32(v.BAR4, 0x2000), 2)
        self.c.write32(v.BAR4, 0x1c, 0)
        self.assertEqual(self.counts(fds), [1])

    def test_msix_table_after_power_on(self):
        self.assertEqual(self.c.read32(v.BAR4, 12), 1)
        self.assertEqual(self.c.read(v.BAR4, 0x3ffc, 4), b"\0" * 4)

    def test_msix_eventfd_comes_late(self):
        self.c.write16(v.CONFIG, MSIX_CTRL, MSIX_ON)
        self.c.set_reg(S_MSIX, 3)
        fd = self.eventfds(1)
        self.c.set_eventfds(v.MSIX, fd, 3)
        self.assertEqual(self.counts(fd), [0])

    def test_client_masks_and_triggers(self):
        fds = self.msix(4)
        self.c.set_irqs(v.MSIX, v.DATA_NONE | v.MASK, 1, 2)
        self.c.set_reg(S_MSIX, 1)
        self.assertEqual(self.counts(fds), [])
        self.c.set_irqs(v.MSIX, v.DATA_BOOL | v.UNMASK, 0, 4, b"\0\1\0\0")
        self.assertEqual(self.counts(fds), [1])
        self.c.set_irqs(v.MSIX, v.DATA_BOOL | v.TRIGGER, 0, 4, b"\1\0\0\1")
        self.assertEqual(self.counts(fds), [0, 3])
        self.c.set_irqs(v.MSIX, v.DATA_NONE | v.TRIGGER, 2, 1)
        self.assertEqual(self.counts(fds), [2])

    def test_deassign(self):
        fds = self.msix(4)
        before = self.nic.nr_fds()
        self.c.set_irqs(v.MSIX, v.DATA_EVENTFD | v.TRIGGER, 1, 2)
        self.assertEqual(self.nic.nr_fds(), before - 2)
        self.c.set_irqs(v.MSIX, v.DATA_NONE | v.TRIGGER, 0, 0)
        self.assertEqual(self.nic.nr_fds(), before - 4)
        self.c.set_reg(S_MSIX, 0)
        self.assertEqual(self.counts(fds), [])

    def test_bad_requests(self):
        fd = self.eventfds(2)
        bad = [
            (5, v.DATA_NONE | v.TRIGGER, 0, 1, ()), (v.MSIX, v.DATA_NONE | v.TRIGGER, 0, 65, ()),
            (v.MSIX, v.DATA_NONE | v.TRIGGER, 64, 1, ()),
            (v.MSIX, v.DATA_NONE | v.TRIGGER, 0xffffffff, 2, ()),
            (v.MSIX, v.DATA_NONE | v.TRIGGER, 1, 0xffffffff, ()),
            (v.MSIX, v.DATA_NONE | v.TRIGGER, 1, 0, ()), (v.MSIX, v.DATA_NONE | v.MASK, 0, 0, ()),
            (v.MSIX, v.DATA_NONE, 0, 1, ()), (v.MSIX, v.TRIGGER, 0, 1, ()),
            (v.MSIX, v.DATA_NONE | v.DATA_BOOL | v.TRIGGER, 0, 1, ()),
            (v.MSIX, v.DATA_NONE | v.MASK | v.UNMASK, 0, 1, ()),
            (v.MSIX, 0x40 | v.DATA_NONE | v.TRIGGER, 0, 1, ()),
            (v.MSIX, v.DATA_BOOL | v.TRIGGER, 0, 1, ()),
            (v.MSIX, v.DATA_EVENTFD | v.TRIGGER, 0, 1, fd),
            (v.MSIX, v.DATA_EVENTFD | v.TRIGGER, 0, 3, fd),
            (v.MSIX, v.DATA_EVENTFD | v.MASK, 0, 2, fd),
            (v.MSIX, v.DATA_NONE | v.TRIGGER, 0, 2, fd), (4, v.DATA_NONE | v.TRIGGER, 0, 1, ()),
        ]
        before = self.nic.nr_fds()
        for index, flags, start, count, fds in bad:
            self.assertEqual(refused(self.c.set_irqs, index, flags, start, count, fds=fds),
                             errno.EINVAL, (index, flags, start, count))
        self.assertEqual(refused(self.c.set_irqs, v.MSIX, v.DATA_NONE | v.TRIGGER, argsz=19),
                         errno.EINVAL)
        self.assertEqual(self.nic.nr_fds(), before)

    def test_intx_masks_itself(self):
        fd = self.eventfds(1)
        self.c.set_eventfds(v.INTX, fd)
        self.c.set_reg(S_INTX, 1)
        self.assertEqual(self.counts(fd), [0])
        self.assertEqual(self.c.read16(v.CONFIG, 6) & 8, 8)
        self.c.set_reg(S_INTX, 1)
        self.assertEqual(self.counts(fd), [])
        self.c.set_irqs(v.INTX, v.DATA_NONE | v.UNMASK)		# still up
        self.assertEqual(self.counts(fd), [0])
        self.c.set_reg(S_INTX, 0)
        self.c.set_irqs(v.INTX, v.DATA_NONE | v.UNMASK)
        self.assertEqual(self.counts(fd), [])
        self.assertEqual(self.c.read16(v.CONFIG, 6) & 8, 0)

    def test_intx_unmask_eventfd(self):
        fd, unmask = self.eventfds(2)
        self.c.set_eventfds(v.INTX, [fd])
        self.c.set_irqs(v.INTX, v.DATA_EVENTFD | v.UNMASK, fds=[unmask])
        self.c.set_reg(S_INTX, 1)
        self.assertEqual(signalled(fd), 1)
        os.write(unmask, struct.pack("Q", 1))
        self.assertEqual(signalled(fd, 2), 1)
        null = os.open("/dev/null", os.O_RDWR)
        self.assertEqual(refused(self.c.set_irqs, v.INTX, v.DATA_EVENTFD | v.UNMASK, fds=[null]),
                         errno.EINVAL)
        os.close(null)

    def test_intx_disable_bit(self):
        fd = self.eventfds(1)
        self.c.set_eventfds(v.INTX, fd)
        self.c.enable(CMD_MEM | CMD_NO_INTX)
        self.c.set_reg(S_INTX, 1)
        self.assertEqual(self.counts(fd), [])
        self.assertEqual(self.c.read16(v.CONFIG, 6) & 8, 8)
        self.c.enable(CMD_MEM)
        self.assertEqual(self.counts(fd), [0])

    def test_msi_on_rising_edge(self):
        fd, intx = self.eventfds(2)
        self.c.set_eventfds(v.MSI, [fd])
        self.c.set_eventfds(v.INTX, [intx])
        self.c.write16(v.CONFIG, MSI_CTRL, 1)
        for level in (1, 1, 0, 1):
            self.c.set_reg(S_INTX, level)
        self.assertEqual(signalled(fd), 2)
        self.assertEqual(signalled(intx), 0)
        self.c.write32(v.CONFIG, 0x60, 1)
        self.c.set_reg(S_INTX, 0)
        self.c.set_reg(S_INTX, 1)
        self.assertEqual(signalled(fd), 0)
        self.assertEqual(self.c.read32(v.CONFIG, 0x64), 1)
        self.c.write32(v.CONFIG, 0x60, 0)
        self.assertEqual(signalled(fd), 1)


class Dma(Base):
    def setUp(self):
        super().setUp()
        self.c = self.client()
        self.c.enable()
        self.fd = v.memfd(1 << 20)
        self.addCleanup(os.close, self.fd)

    def dma(self, how, addr, length=16):
        self.c.write(v.BAR0, S_ADDR, struct.pack("Q", addr))
        self.c.set_reg(S_LEN, length)
        self.c.set_reg(S_DMA, how)
        return self.c.reg(S_RESULT) == 0

    def test_both_directions(self):
        self.c.dma_map(0x100000, 65536, self.fd, offset=4096)
        self.assertTrue(self.dma(TO_GUEST, 0x100010))
        self.assertEqual(os.pread(self.fd, 18, 4096 + 15), b"\0" + b"\xa5" * 16 + b"\0")
        os.pwrite(self.fd, bytes(range(100)), 8192)
        self.assertTrue(self.dma(FROM_GUEST, 0x101000, 100))
        self.assertEqual(self.c.reg(S_SUM), sum(range(100)))
        self.assertTrue(self.dma(PTR_WRITE, 0x10ffff, 1))
        self.assertEqual(os.pread(self.fd, 1, 4096 + 65535), b"\x5a")

    def test_outside_and_without_permission(self):
        self.c.dma_map(0x100000, 4096, self.fd)
        self.c.dma_map(0x200000, 4096, self.fd, flags=1)
        self.c.dma_map(0x300000, 4096, self.fd, flags=2)
        self.c.dma_map(0x400000, 4096)
        for how in (TO_GUEST, FROM_GUEST, PTR_WRITE, PTR_READ):
            for addr, length in ((0xfffff, 1), (0x100fff, 2), (0x101000, 1), (0x400000, 1),
                                 ((1 << 64) - 1, 2), (0xff8, 16)):
                self.assertFalse(self.dma(how, addr, length), (how, hex(addr)))
            self.assertEqual(self.dma(how, 0x200000), how in (FROM_GUEST, PTR_READ))
            self.assertEqual(self.dma(how, 0x300000), how in (TO_GUEST, PTR_WRITE))
        self.c.enable(CMD_MEM)
        self.assertFalse(self.dma(FROM_GUEST, 0x100000))

    def test_across_ranges(self):
        self.c.dma_map(0x10000, 4096, self.fd, offset=0)
        self.c.dma_map(0x11000, 4096, self.fd, offset=4096)
        self.c.dma_map(0x12000, 4096, self.fd, offset=65536)
        self.assertTrue(self.dma(TO_GUEST, 0x10000, 12288))
        self.assertEqual(os.pread(self.fd, 8193, 0), b"\xa5" * 8192 + b"\0")
        self.assertEqual(os.pread(self.fd, 4096, 65536), b"\xa5" * 4096)
        self.assertTrue(self.dma(PTR_WRITE, 0x10ff0, 32))	# adjacent in memory too
        self.assertFalse(self.dma(PTR_WRITE, 0x11ff0, 32))

    def test_bad_maps(self):
        self.c.dma_map(0x10000, 8192, self.fd)
        m = self.c.dma_map
        before = self.nic.nr_fds()
        for addr in (0xf000, 0x10000, 0x11000):
            self.assertEqual(refused(m, addr, 8192, self.fd), errno.EEXIST)
        self.assertEqual(refused(m, 0, 1 << 20, self.fd), errno.EEXIST)
        for args in ((0x20000, 0, self.fd), (0x20000, 100, self.fd), (0x20001, 4096, self.fd),
                     (0x20000, 4096, self.fd, 1), (0x20000, 4096, self.fd, 1 << 20),
                     (0x20000, 1 << 40, self.fd), (0x20000, 4096, self.fd, (1 << 64) - 4096),
                     ((1 << 64) - 4096, 8192, self.fd), (0x20000, 4096, self.fd, 0, 4),
                     (0x20000, 4096, self.fd, 0, 3, 31)):
            self.assertEqual(refused(m, *args), errno.EINVAL, args)
        body = struct.pack("IIQQQ", 32, 3, 0, 0x20000, 4096)
        self.assertEqual(refused(self.c.request, v.DMA_MAP, body, [self.fd, self.fd]),
                         errno.EINVAL)
        other = v.memfd(4096)
        read_only = os.open(f"/proc/self/fd/{other}", os.O_RDONLY)
        os.close(other)
        self.assertEqual(refused(m, 0x20000, 4096, read_only), errno.EACCES)
        root = os.open("/", os.O_RDONLY)
        self.assertNotEqual(refused(m, 0x20000, 4096, root), 0)
        m(0x30000, 4096, read_only, flags=1)
        os.close(read_only)
        os.close(root)
        self.assertEqual(self.nic.nr_fds(), before)

    def test_top_of_the_address_space(self):
        self.c.dma_map((1 << 64) - 4096, 4096, self.fd)
        self.assertTrue(self.dma(TO_GUEST, (1 << 64) - 16))
        self.assertFalse(self.dma(TO_GUEST, (1 << 64) - 15))
        self.c.dma_unmap((1 << 64) - 4096, 4096)

    def test_unmap(self):
        for i in range(8):
            self.c.dma_map(0x10000 + 4096 * i, 4096, self.fd, offset=4096 * i)
        self.c.dma_map(0x40000, 65536, self.fd)
        self.assertTrue(self.dma(TO_GUEST, 0x11000))
        reply = self.c.dma_unmap(0x11000, 4096)
        self.assertEqual(struct.unpack("IIQQ", reply)[2:], (0x11000, 4096))
        self.assertFalse(self.dma(TO_GUEST, 0x11000))
        self.assertTrue(self.dma(TO_GUEST, 0x12000))
        self.c.dma_unmap(0x12000, 4096 * 4)
        self.assertFalse(self.dma(TO_GUEST, 0x12000))
        self.assertTrue(self.dma(TO_GUEST, 0x16000))
        u = self.c.dma_unmap
        for addr, size in ((0x41000, 4096), (0x40000, 4096), (0x4f000, 4096), (0x41000, 65536),
                           (0, 0), ((1 << 64) - 4096, 8192)):
            self.assertEqual(refused(u, addr, size), errno.EINVAL, hex(addr))
        self.assertTrue(self.dma(TO_GUEST, 0x40000, 65536))
        u(0x1000000, 4096)		# nothing there
        self.assertEqual(refused(u, 0x40000, 65536, 0, 23), errno.EINVAL)
        self.assertEqual(refused(u, 0x40000, 65536, 1), errno.ENOTSUP)
        self.assertEqual(refused(u, 0x40000, 65536, 2), errno.EINVAL)
        u(0, 0, 2)			# everything
        self.assertFalse(self.dma(TO_GUEST, 0x40000))
        self.assertFalse(self.dma(TO_GUEST, 0x16000))

    def test_truncated_file(self):
        """The pages of a mapping vanish under the server: zeroes, not its death."""
        fd = v.memfd(65536)
        self.c.dma_map(0x100000, 65536, fd)
        self.assertTrue(self.dma(TO_GUEST, 0x100000, 8192))
        os.ftruncate(fd, 4096)
        self.assertTrue(self.dma(FROM_GUEST, 0x100000, 65536))
        self.assertEqual(self.c.reg(S_SUM), 0xa5 * 4096)
        os.close(fd)

    def test_as_many_as_an_iommu_makes(self):
        nr = 20000
        fd = v.memfd(nr * 4096)
        start = time.monotonic()
        body = [struct.pack("IIQQQ", 32, 3, i * 4096, 0x80000000 + (i * 7919 % nr) * 8192, 4096)
                for i in range(nr)]
        for i in range(nr):
            self.c.request(v.DMA_MAP, body[i], [fd])
        for i in (0, 1, 9999, 19999):
            self.assertTrue(self.dma(TO_GUEST, 0x80000000 + i * 8192, 4096))
            self.assertFalse(self.dma(TO_GUEST, 0x80000000 + i * 8192 + 4096))
        self.c.dma_unmap(0x80000000, nr * 8192)
        self.assertFalse(self.dma(TO_GUEST, 0x80000000))
        self.assertLess(time.monotonic() - start, 60)
        os.close(fd)

    def test_too_many(self):
        for i in range(65535):
            self.c.send(self.c.message(v.DMA_MAP, struct.pack("IIQQQ", 32, 3, 0, i << 20, 4096),
                                       v.NO_REPLY))
        self.assertEqual(refused(self.c.dma_map, 1 << 50, 4096), errno.ENOSPC)

    def test_disconnect_forgets(self):
        self.c.dma_map(0x100000, 4096, self.fd)
        self.c.close()
        self.c = self.client()
        self.c.enable()
        self.assertFalse(self.dma(TO_GUEST, 0x100000))
