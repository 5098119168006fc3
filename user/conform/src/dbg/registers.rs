//! What a thread may write into its debug registers, and reads of them.

use l4::debug;

use super::code;
use super::watcher::{self, COUNT, DONE, SKIP, logged, watch};
use crate::harness::{Outcome, board, equal, hex, until, worker};

/// Fills the registers for its own place and looks at them for as long as others run.
fn keep(first: u64) {
    debug::set(&[None; 4]);
    let fresh = code::registers();
    board::put(
        70 + first as usize,
        u64::from(fresh == [0, 0, 0, 0, 0xFFFF_0FF0, 0x400]),
    );
    code::dr0(first);
    code::dr1(0x1000 + first);
    code::dr2(0x2000 + first);
    code::dr3(0x7FFF_FFFF_F000 + first);
    code::dr6(1 << first);
    code::dr7(1 << (2 * first) | 0x100 | 0xF << (16 + 4 * first));
    for _ in 0..20 {
        let expected = [
            first,
            0x1000 + first,
            0x2000 + first,
            0x7FFF_FFFF_F000 + first,
            0xFFFF_0FF0 | 1 << first,
            1 << (2 * first) | 0x500 | 0xF << (16 + 4 * first),
        ];
        if code::registers() == expected {
            board::add(80 + first as usize, 1);
        }
        l4::schedule::yield_now();
    }
    board::add(DONE, 1);
}

/// Each thread has its own, and as after reset at first.
pub(super) fn registers_are_kept() -> Outcome {
    for first in 0..4 {
        worker::start(worker::here(), keep, first)?;
    }
    until("four threads", || board::get(DONE) == 4)?;
    for first in 0..4 {
        equal("registers were fresh", board::get(70 + first), 1)?;
        equal("good looks", board::get(80 + first), 20)?;
    }
    Ok(())
}

/// Each of these raises exception 13, and nothing has changed.
fn write_bad_values() {
    let kernel = [0x8000_0000_0000, 0xFFFF_8000_0000_0000, u64::MAX];
    for value in kernel {
        code::dr0(value);
        code::dr1(value);
        code::dr2(value);
        code::dr3(value);
    }
    code::dr4(0);
    code::dr6(1 << 32);
    // General detect, global enables, reserved bits, breakpoints on ports, instructions of two bytes.
    for value in [
        1 << 13,
        2,
        8,
        0x20,
        0x80,
        1 << 9,
        1 << 11,
        1 << 12,
        1 << 14,
        1 << 15,
        1 << 32,
        1 << 63,
        1 | 2 << 16,
        4 | 2 << 20,
        1 | 4 << 16,
        0x40 | 0xC << 28,
    ] {
        code::dr7(value);
    }
    board::put(SKIP, 4);
    code::prefixed(0);
    let unchanged = code::registers() == [0, 0, 0, 0, 0xFFFF_0FF0, 0x400];
    board::put(DONE, 1 + u64::from(unchanged));
}

pub(super) fn bad_values_are_refused() -> Outcome {
    let handler = watcher::start()?;
    board::put(SKIP, 3);
    watch(worker::here(), handler, write_bad_values)?;
    until("the end", || board::get(DONE) != 0)?;
    equal("registers as before", board::get(DONE), 2)?;
    equal("exceptions", board::get(COUNT), 12 + 2 + 16 + 1)?;
    let (vector, ip) = logged(0);
    equal("vector", vector, 13)?;
    hex("RIP", ip, code::dr0 as *const () as u64)
}
