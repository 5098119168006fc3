//! Console operations behind INT3, for old programs: only with `compat=pistachio` (L4 X.2 on amd64, INT3 forms).

use crate::arch::x86_64::entry::frame::Frame;
use crate::arch::x86_64::serial;
use crate::start;
use crate::thread::Owned;

/// The longest string that is printed.
const LONGEST: u64 = 512;

/// Carries the operation behind the INT3 at `frame` out. False: there is no such operation, or programs get none.
pub(crate) fn operation(me: Owned, frame: &mut Frame) -> bool {
    if !start::compatible() {
        return false;
    }
    let Some(space) = me.space() else {
        return false;
    };
    let mut at = frame.ip;
    if space.read_bytes::<1>(at) == Some([0x90]) {
        at += 1;
    }
    match space.read_bytes::<2>(at) {
        Some([0x3c, 0x00]) => serial::console_write(&[frame.rax as u8]),
        Some([0x3c, 0x01]) => print(me, frame.rax),
        Some([0x3c, 0x02 | 0x03]) => {}
        Some([0x3c, 0x08]) => frame.rax = serial::console_read().map_or(u64::MAX, u64::from),
        Some([0x3c, 0x0d]) => match serial::console_read() {
            Some(byte) => frame.rax = u64::from(byte),
            // Nothing there: the instruction is executed again, so that others run meanwhile.
            None => {
                frame.ip -= 1;
                crate::sched::give_way(crate::cpu::current(), me);
            }
        },
        Some([0xeb, _]) => enter(me, at),
        _ => return false,
    }
    true
}

/// "Enter debugger" with a message: printed, and the thread goes on.
fn enter(me: Owned, at: u64) {
    let Some(space) = me.space() else { return };
    let message = match space.read_bytes::<3>(at + 2) {
        Some([0x48, 0xc7, 0xc0]) => space
            .read_bytes::<4>(at + 5)
            .map(|bytes| i64::from(i32::from_le_bytes(bytes)) as u64),
        Some([0xb8, ..]) => space.read_bytes::<8>(at + 3).map(u64::from_le_bytes),
        _ => None,
    };
    serial::console_write(b"[debugger] ");
    if let Some(message) = message {
        print(me, message);
    }
    serial::console_write(b"\n");
}

fn print(me: Owned, address: u64) {
    let Some(space) = me.space() else { return };
    for at in address..address.saturating_add(LONGEST) {
        match space.read_bytes::<1>(at) {
            Some([0]) | None => return,
            Some(byte) => serial::console_write(&byte),
        }
    }
}
