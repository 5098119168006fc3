//! The register contract of the Ipc stub.

use core::arch::asm;

use l4::{Tag, ThreadId, Time, Timeouts, kip, syscall, thread, utcb};

use super::words::echo;
use crate::harness::{Job, Outcome, SOON, equal, hex, worker};

/// Calls the stub with tag 0 for a partner that does not exist; returns RDI and RSP less what they
/// were before, R9 and RSI.
fn call_stub(to: u64, mr0: u64) -> [u64; 4] {
    let mut out = [0; 4];
    // SAFETY: RBX and RBP are restored, R12-R15 and all others declared; the message is empty.
    unsafe {
        asm!(
            "push rbp", "push rbx", "push rcx", "push rax",
            "mov rbp, rsp",
            "push rbp", "push rdi",
            "xor edx, edx", "xor r8d, r8d", "xor r9d, r9d",
            "call qword ptr [rsp + 16]",
            "pop rax",
            "sub rdi, rax",
            "pop rax",
            "sub rax, rsp",
            "mov rcx, [rsp + 8]",
            "mov [rcx], rdi", "mov [rcx + 8], rax", "mov [rcx + 16], r9", "mov [rcx + 24], rsi",
            "add rsp, 16",
            "pop rbx", "pop rbp",
            inlateout("rax") kip::kip().ipc => _,
            inlateout("rcx") out.as_mut_ptr() => _,
            inlateout("rdi") mr0 => _,
            inlateout("rsi") to => _,
            lateout("rdx") _, lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
        );
    }
    out
}

/// RDI and RSP come back on success and on errors.
pub(super) fn stub_keeps_its_contract() -> Outcome {
    let mr0 = utcb::my().mr0() as u64;
    let dead = crate::harness::ids::fresh();
    let [rdi, rsp, tag, from] = call_stub(dead.raw(), mr0);
    equal("change of RDI, of RSP", (rdi, rsp), (0, 0))?;
    hex("R9 after an error", tag, Tag::ERROR)?;
    hex("RSI after an error", from, 0)?;
    let receiver = Job::receive(ThreadId::ANY).start(worker::here())?;
    worker::until_waiting(&[receiver.id])?;
    let [rdi, rsp, tag, _] = call_stub(receiver.id.raw(), mr0);
    equal("change of RDI, of RSP", (rdi, rsp), (0, 0))?;
    hex("R9 after a send", tag, 0)?;
    receiver.result()?.carries(0, 0, 0, 0)
}

/// MR0-MR7 travel in registers; their places in memory do not matter.
pub(super) fn registers_carry_words() -> Outcome {
    let server = worker::start(worker::away(), echo, 0)?;
    let utcb = utcb::my();
    let timeouts = Timeouts::new(SOON, SOON).raw();
    for count in 0..8 {
        for index in 0..8 {
            utcb.set_mr(index, 0xDEAD);
        }
        let mut words = [Tag::new(3, count, 0).raw(), 1, 2, 3, 4, 5, 6, 7];
        // SAFETY: the calling thread's own UTCB, which accepts nothing.
        unsafe { syscall::ipc_words(server.raw(), server.raw(), timeouts, utcb.mr0(), &mut words) };
        hex(
            "tag",
            worker::as_if_near(words[0]),
            Tag::new(4, count, 0).raw(),
        )?;
        for (index, word) in words[1..].iter().take(count).enumerate() {
            hex("word", *word, index as u64 + 1001)?;
        }
    }
    Ok(())
}

/// After an error MR1-MR63 are as they were.
pub(super) fn error_leaves_message_registers() -> Outcome {
    let dead = crate::harness::ids::fresh();
    let me = thread::myself();
    let zero = Time::ZERO;
    for job in [
        Job::send(dead),
        Job::receive(dead),
        Job::receive(me),
        Job::send(me),
        Job::call(dead),
    ] {
        let done = job.words(0, 63, 500).within(zero, zero).now();
        for (index, word) in done.mr[1..].iter().enumerate() {
            hex("a message register", *word, 500 + index as u64)?;
        }
    }
    Ok(())
}
