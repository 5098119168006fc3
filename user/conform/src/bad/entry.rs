//! Garbage past the stubs: the bare instruction, strange states of the processor.

use core::arch::naked_asm;

use l4::abi::exregs as bit;
use l4::syscall::Registers;
use l4::{Fpage, MapItem, Message, Rights, ThreadId, clock, ipc, kip, utcb};

use super::still_works;
use crate::harness::failure::at_least;
use crate::harness::pager::{self, COUNT};
use crate::harness::regular::{Random, spin};
use crate::harness::{
    Failure, Outcome, SOON, board, check, equal, hex, ids, pause, raw, until, worker,
};
use crate::pf::touch;

/// SYSCALL with all registers loaded from the sixteen words at `words` (RSP the last but RDI).
#[unsafe(naked)]
extern "C" fn wild(words: *const u64) {
    naked_asm!(
        "mov rax, [rdi]",
        "mov rbx, [rdi + 8]",
        "mov rdx, [rdi + 16]",
        "mov rsi, [rdi + 24]",
        "mov rbp, [rdi + 32]",
        "mov r8, [rdi + 40]",
        "mov r9, [rdi + 48]",
        "mov r10, [rdi + 56]",
        "mov r12, [rdi + 64]",
        "mov r13, [rdi + 72]",
        "mov r14, [rdi + 80]",
        "mov r15, [rdi + 88]",
        "mov rsp, [rdi + 96]",
        "mov rcx, [rdi + 104]",
        "mov r11, [rdi + 112]",
        "mov rdi, [rdi + 120]",
        "syscall",
        "2: pause",
        "jmp 2b",
    )
}

fn go_wild(seed: u64) {
    let mut random = Random::new(seed);
    let mut words = [0; 16];
    for word in &mut words {
        *word = match random.below(5) {
            0 => random.below(32),
            1 => random.next(),
            2 => utcb::my().mr0() as u64,
            3 => 0xFFFF_8000_0000_0000 | random.next() >> 17,
            _ => 1 << random.below(64),
        };
    }
    words[0] = seed % 24;
    wild(words.as_ptr());
}

pub(super) fn wild_system_calls() -> Outcome {
    let pager = pager::start()?;
    for seed in 0..60 {
        let caller = worker::start(worker::away().pager(pager).priority(50), go_wild, seed)?;
        pause(1_500);
        equal("deletion", raw::delete(caller), raw::DONE)?;
    }
    still_works()
}

/// The instruction after SYSCALL would lie outside the user's addresses, where no CPU returns to: so nothing is mapped
/// in the last page, and each touch of it is a new fault.
pub(super) fn system_call_at_the_end_of_memory() -> Outcome {
    let last = 0x7FFF_FFFF_F000;
    let code = touch::page(0, 0) + 4088;
    touch::write(code, 0x050F_0000_0000_0000);
    let fpage = Fpage::new(touch::pages(), 12, Rights::FULL);
    pager::order_item(MapItem {
        send_base: last,
        fpage,
    });
    let pager = pager::start()?;
    for op in 0..24 {
        let start = |op: u64| end_of_memory(op, 0x7FFF_FFFF_FFFE);
        let caller = worker::start(worker::away().pager(pager).priority(50), start, op)?;
        pause(3_000);
        equal("deletion", raw::delete(caller), raw::DONE)?;
    }
    at_least("faults of the last page", board::get(COUNT), 2 * 24)?;
    still_works()
}

#[unsafe(naked)]
extern "C" fn end_of_memory(op: u64, address: u64) {
    naked_asm!("mov rax, rdi", "jmp rsi")
}

const POINTERS: [u64; 7] = [
    0x8000_0000_0000,
    0x7FFF_FFFF_FFFF,
    0xFFFF_7FFF_FFFF_FFFF,
    0xFFFF_8000_0000_0000,
    0xFFFF_FFFF_8020_0000,
    0xFFFF_FFFF_FFFF_FFFF,
    0,
];

/// Puts threads in three states at impossible places.
#[track_caller]
fn everywhere(control: u64, place: impl Fn(u64) -> Registers) -> Outcome {
    let pager = pager::start()?;
    for pointer in POINTERS {
        let registers = place(pointer);
        let ready = worker::start(worker::away().pager(pager).priority(50), spin, 0)?;
        let waiting = worker::start(worker::away().pager(pager), |_| ipc::park(), 0)?;
        let halted = worker::start(worker::away().pager(pager), spin, 1)?;
        worker::until_waiting(&[waiting])?;
        raw::control(halted, bit::STOP);
        for thread in [ready, waiting, halted] {
            let control = control | bit::HALT_VALID | bit::SEND | bit::RECEIVE;
            let (verdict, _) = raw::exchange(
                thread.raw(),
                Registers {
                    control,
                    ..registers
                },
            );
            check("allowed", verdict.result != 0)?;
        }
        pause(5_000);
        for thread in [ready, waiting, halted] {
            equal("deletion", raw::delete(thread), raw::DONE)?;
        }
    }
    still_works()
}

pub(super) fn impossible_instruction_pointers() -> Outcome {
    everywhere(bit::SET_IP, |ip| Registers {
        ip,
        ..Registers::default()
    })?;
    for ip in POINTERS {
        let id = start_up()?;
        ipc::send_within(id, &Message::new(0).words(&[ip, 0x1000]), SOON)?;
        pause(3_000);
        equal("deletion", raw::delete(id), raw::DONE)?;
    }
    still_works()
}

/// A thread in its start-up receive from this one.
#[track_caller]
fn start_up() -> Result<ThreadId, Failure> {
    Ok(worker::here()
        .pager(l4::thread::myself())
        .new_space()
        .create()?)
}

pub(super) fn impossible_stack_pointers() -> Outcome {
    everywhere(bit::SET_SP, |sp| Registers {
        sp,
        ..Registers::default()
    })
}

/// Direction, alignment check, nested task and all arithmetic flags set, then system calls and traps.
#[unsafe(naked)]
extern "C" fn with_flags(_: u64, _clock: u64) {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov rbx, rsi",
        "push 0x254ed5",
        "popfq",
        "call rbx",
        "push 0x254ed5",
        "popfq",
        ".byte 0xf0, 0x90",
        "push 2",
        "popfq",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
    )
}

fn use_flags(_: u64) {
    for _ in 0..50 {
        with_flags(0, kip::kip().system_clock);
    }
    board::put(0, 1);
}

pub(super) fn strange_flags() -> Outcome {
    for plan in [worker::here(), worker::away()] {
        board::put(0, 0);
        worker::start(plan, use_flags, 0)?;
        until("the thread is done", || board::get(0) == 1)?;
    }
    still_works()
}

/// The kernel knows the UTCB itself: RDI may be anything that the user can read and write.
fn call_with_wrong_utcb(to: u64) {
    let before = clock::micros();
    let mut words = [0; 8];
    for mr0 in [
        0,
        1,
        0x8000_0000_0000,
        0xFFFF_8000_0000_0000,
        0xFFFF_FFFF_8020_0000,
        u64::MAX,
    ] {
        words[0] = 0;
        let timeouts = l4::Timeouts::new(l4::Time::ZERO, l4::Time::ZERO).raw();
        // SAFETY: MR0-MR7 travel in registers and the message is empty; this thread may fault.
        unsafe { l4::syscall::ipc_words(to, to, timeouts, mr0 as *mut u64, &mut words) };
        board::add(0, 1);
    }
    board::put(1, u64::from(clock::micros() >= before));
}

pub(super) fn wrong_utcb_address() -> Outcome {
    let pager = pager::start()?;
    let nobody = ids::fresh().raw();
    worker::start(worker::away().pager(pager), call_with_wrong_utcb, nobody)?;
    worker::start(worker::here(), call_with_wrong_utcb, nobody)?;
    pause(20_000);
    still_works()
}

/// The word behind gs:[0] is the kernel's.
pub(super) fn local_id_word_is_read_only() -> Outcome {
    #[unsafe(naked)]
    extern "C" fn store() {
        naked_asm!("mov gs:[0], rax", "ret")
    }
    let pager = pager::start()?;
    let caller = worker::start(worker::away().pager(pager), |_| store(), 0)?;
    until("a fault", || board::get(COUNT) > 0)?;
    hex("access", board::get(pager::TAG) >> 16 & 7, 2)?;
    hex("ip", board::get(pager::IP), store as *const () as u64)?;
    equal("deletion", raw::delete(caller), raw::DONE)?;
    still_works()
}

/// Registers that an IPC may destroy hold nothing of the kernel's afterwards: RBP, RCX, RDX, R8, R11.
#[unsafe(naked)]
extern "C" fn sleep_and_look(stub: u64, me: u64, timeouts: u64, out: *mut [u64; 5]) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rcx",
        "mov rax, rdi",
        "mov r8, rdx",
        "mov rdx, rsi",
        "mov rdi, gs:[0]",
        "xor esi, esi",
        "xor r9d, r9d",
        "call rax",
        "pop r9",
        "mov [r9], rbp",
        "mov [r9 + 8], rcx",
        "mov [r9 + 16], rdx",
        "mov [r9 + 24], r8",
        "mov [r9 + 32], r11",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret"
    )
}

pub(super) fn results_hide_the_kernel() -> Outcome {
    let me = l4::thread::myself().raw();
    let own_line = 0xFFFF_FFFF_FFA0_0000..0xFFFF_FFFF_FFB0_0000;
    let stubs = 0xFFFF_FFFF_C080_0000..0xFFFF_FFFF_C080_1000;
    for micros in [0, 2_000] {
        let receive = if micros == 0 {
            l4::Time::ZERO
        } else {
            l4::Time::period(micros)
        };
        let timeouts = l4::Timeouts::new(l4::Time::ZERO, receive).raw();
        let mut seen = [0; 5];
        sleep_and_look(kip::kip().ipc, me, timeouts, &mut seen);
        for word in seen {
            let public = word >> 63 == 0 || own_line.contains(&word) || stubs.contains(&word);
            hex("an address of the kernel", if public { 0 } else { word }, 0)?;
        }
    }
    Ok(())
}
