//! The KernelInterface instruction: a locked no-op, which no CPU executes (L4 X.2, KernelInterface).

use pecan_abi::kip::{API_FLAGS, API_VERSION};

use crate::arch::x86_64::entry::frame::Frame;
use crate::space::kip;
use crate::thread::Owned;

/// `lock nop`.
const INSTRUCTION: [u8; 2] = [0xf0, 0x90];

/// Carries the instruction out if it is at the fault: rax KIP address, rcx version, rdx flags, rsi kernel id; all other
/// registers stay. False: it is another instruction.
pub(crate) fn kernel_interface(me: Owned, frame: &mut Frame) -> bool {
    let Some(space) = me.space() else {
        return false;
    };
    if space.read_bytes(frame.ip) != Some(INSTRUCTION) {
        return false;
    }
    frame.rax = space.kip_address();
    frame.rcx = API_VERSION;
    frame.rdx = API_FLAGS;
    frame.rsi = kip::KERNEL_ID;
    frame.ip += INSTRUCTION.len() as u64;
    true
}
