#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run the tests of nic82599 that need no virtual machine; TAP on standard output.

Most run against nic82599 with tests/stub_nic.c in the place of the 82599, the
hostile guest against the whole of it. FUZZ_ROUNDS, FUZZ_SECONDS and FUZZ_SEED
set length and repetition of the fuzzing.
"""

import argparse
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import test_gen
import test_guest
import test_pci
import test_protocol
import test_wire


class Tap(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.n = 0

    def line(self, test, ok, why=""):
        self.n += 1
        name = test.id()
        print(f"{'ok' if ok else 'not ok'} {self.n} - {name}", flush=True)
        for text in why.splitlines():
            print("# " + text)

    def addSuccess(self, test):
        self.line(test, True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line(test, False, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.line(test, False, self.errors[-1][1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bus", required=True, metavar="FILE", help="nic82599 with the stub")
    parser.add_argument("--nic", required=True, metavar="FILE", help="nic82599")
    parser.add_argument("names", nargs="*", help="test_module[.Class[.test]] (default all)")
    args = parser.parse_args()
    test_protocol.BINARY = os.path.abspath(args.bus)
    test_guest.BINARY = os.path.abspath(args.nic)
    loader = unittest.defaultTestLoader
    if args.names:
        suite = loader.loadTestsFromNames(args.names)
    else:
        suite = unittest.TestSuite(loader.loadTestsFromModule(m)
                                   for m in (test_protocol, test_pci, test_wire, test_gen, test_guest))
    result = Tap()
    suite.run(result)
    bad = len(result.failures) + len(result.errors)
    print(f"1..{result.n}")
    print(f"# {result.n - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
