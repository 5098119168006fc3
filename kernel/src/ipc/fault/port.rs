//! I/O faults (L4 X.2 on amd64, I/O page-fault protocol): a program used ports that its space does not have.

use pecan_abi::acceptor::Acceptor;
use pecan_abi::fpage::IoFpage;
use pecan_abi::protocol::IoFault;
use pecan_rules::ports::{Ports, access};

use super::call::{Outcome, call};
use super::page::stop;
use crate::arch::x86_64::entry::frame::Frame;
use crate::space::Space;
use crate::space::ports::{Admission, admit};
use crate::start;
use crate::thread::{Aside, Field, Owned};

/// A general-protection fault of `me`, which runs in user mode: if it used ports that its space has, it may now; if it
/// used others, its pager is asked to do something about it. Then the instruction is executed again. False: the fault
/// has another reason.
#[inline(never)]
pub(crate) fn raise(me: Owned, frame: &Frame) -> bool {
    if frame.error != 0 || start::compatible() {
        return false;
    }
    let Some(space) = me.space() else {
        return false;
    };
    let ports = match instruction(space, frame) {
        Instruction::Uses(ports) => ports,
        Instruction::Other => return false,
        Instruction::Gone => return true,
    };
    match admit(me, space, ports) {
        Admission::Granted => {}
        Admission::Had => return false,
        Admission::Refused => ask_pager(me, frame.ip, ports),
    }
    true
}

/// What a program wanted to execute.
enum Instruction {
    /// Input or output.
    Uses(Ports),
    /// Something else.
    Other,
    /// Nobody knows: another CPU has taken its page away meanwhile.
    Gone,
}

fn instruction(space: &Space, frame: &Frame) -> Instruction {
    let mut missing = None;
    let code = (frame.ip..).map_while(|at| {
        let byte = space.read_bytes::<1>(at).map(|[byte]| byte);
        if byte.is_none() {
            missing = Some(at);
        }
        byte
    });
    match access(code, frame.rdx) {
        Some(ports) => Instruction::Uses(ports),
        None if missing.is_some_and(|at| !space.shows(at)) => Instruction::Gone,
        None => Instruction::Other,
    }
}

fn ask_pager(me: Owned, ip: u64, ports: Ports) {
    let log2 = u32::from(ports.last - ports.first + 1).trailing_zeros();
    let fault = IoFault {
        ports: IoFpage::new(ports.first, log2),
        ip,
    };
    let pager = me.utcb.get().get(Field::PAGER);
    let mut aside = Aside::new(fault.words());
    let acceptor = Acceptor::from_raw(IoFpage::COMPLETE.raw());
    let outcome = call(me, pager, &mut aside, acceptor);
    if outcome == Outcome::Nobody {
        log::debug!(
            "thread {:x} stopped: nobody serves its fault at port {:#x}",
            me.id(),
            ports.first
        );
        stop(me);
    }
}
