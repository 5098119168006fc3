//! Console operations behind INT3, for old programs: only with `compat=pistachio` (L4 X.2 on amd64, INT3 forms).
//!
//! What an operation reads of the program, its code or a text, may be in pages that are not there yet. Then the thread faults as if
//! it had touched them itself, and executes INT3 again: so all is read before anything is done.

use pecan_abi::layout::USER_LAST;

use crate::arch::x86_64::entry::frame::Frame;
use crate::arch::x86_64::serial;
use crate::ipc::fault;
use crate::space::Space;
use crate::start;
use crate::thread::Owned;

/// The longest string that is printed; the rest of a longer one is not.
const LONGEST: u64 = 1 << 16;

/// Nothing is mapped at this address.
struct Missing(u64);

/// What the bytes behind INT3 mean.
enum Operation {
    /// Print the character in AL.
    Character,
    /// Print this string.
    Text(Text),
    /// The debugger: the message is printed, and the thread goes on.
    Enter(Option<Text>),
    /// Nothing to be done here.
    Nothing,
    /// A character that was typed, or all ones, into RAX.
    Poll,
    /// A character that was typed into RAX, once there is one.
    Wait,
}

/// A string of the program's, without its zero byte.
struct Text {
    address: u64,
    length: u64,
}

/// Carries the operation behind the INT3 at `frame` out. False: there is no such operation, or programs get none. Home CPU,
/// interrupts off; blocks if memory is missing, and gives way while nothing was typed.
#[inline(never)]
pub(crate) fn operation(me: Owned, frame: &mut Frame) -> bool {
    if !start::compatible() {
        return false;
    }
    let Some(space) = me.space() else {
        return false;
    };
    match decode(space, frame) {
        Ok(None) => return false,
        Ok(Some(operation)) => carry_out(me, space, frame, &operation),
        Err(Missing(address)) => {
            frame.ip -= 1;
            fault::page::raise_general(me, frame.error, frame.ip, address);
        }
    }
    true
}

fn decode(space: &Space, frame: &Frame) -> Result<Option<Operation>, Missing> {
    let mut at = frame.ip;
    if read::<1>(space, at)? == [0x90] {
        at += 1;
    }
    Ok(Some(match read::<2>(space, at)? {
        [0x3c, 0x00] => Operation::Character,
        [0x3c, 0x01] => Operation::Text(text(space, frame.rax)?),
        [0x3c, 0x02 | 0x03] => Operation::Nothing,
        [0x3c, 0x08] => Operation::Poll,
        [0x3c, 0x0d] => Operation::Wait,
        [0xeb, _] => Operation::Enter(match message(space, at + 2)? {
            Some(address) => Some(text(space, address)?),
            None => None,
        }),
        _ => return Ok(None),
    }))
}

/// The address in the instruction at `at`, in either of two forms.
fn message(space: &Space, at: u64) -> Result<Option<u64>, Missing> {
    Ok(match read::<1>(space, at)? {
        [0x48] if read::<2>(space, at + 1)? == [0xc7, 0xc0] => {
            let bytes = read::<4>(space, at + 3)?;
            Some(i64::from(i32::from_le_bytes(bytes)) as u64)
        }
        [0xb8] => Some(u64::from_le_bytes(read::<8>(space, at + 1)?)),
        _ => None,
    })
}

/// The string at `address`. One that leaves the user's part of the address space ends there.
fn text(space: &Space, address: u64) -> Result<Text, Missing> {
    let mut length = 0;
    while length < LONGEST && address.saturating_add(length) <= USER_LAST {
        if read::<1>(space, address + length)? == [0] {
            break;
        }
        length += 1;
    }
    Ok(Text { address, length })
}

fn read<const N: usize>(space: &Space, address: u64) -> Result<[u8; N], Missing> {
    let mut bytes = [0; N];
    for (at, byte) in (address..).zip(&mut bytes) {
        [*byte] = space.read_bytes::<1>(at).ok_or(Missing(at))?;
    }
    Ok(bytes)
}

fn carry_out(me: Owned, space: &Space, frame: &mut Frame, operation: &Operation) {
    match operation {
        Operation::Character => serial::console_write(&[frame.rax as u8]),
        Operation::Text(text) => print(space, text),
        Operation::Enter(message) => {
            serial::console_write(b"[debugger] ");
            if let Some(message) = message {
                print(space, message);
            }
            serial::console_write(b"\n");
        }
        Operation::Nothing => {}
        Operation::Poll => frame.rax = serial::console_read().map_or(u64::MAX, u64::from),
        Operation::Wait => match serial::console_read() {
            Some(byte) => frame.rax = u64::from(byte),
            // Nothing there: the instruction is executed again, so that others run meanwhile.
            None => {
                frame.ip -= 1;
                crate::sched::give_way(crate::cpu::current(), me);
            }
        },
    }
}

/// What another CPU takes away meanwhile is not printed.
fn print(space: &Space, text: &Text) {
    for at in text.address..text.address + text.length {
        if let Some(byte) = space.read_bytes::<1>(at) {
            serial::console_write(&byte);
        }
    }
}
