//! Segment registers: what one thread does to its own must not hurt another.

use core::arch::naked_asm;

use l4::{Message, ipc, utcb};

use crate::harness::{BOTH_SOON, Outcome, Test, board, equal, hex, pause, until, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("RES0001", null_gs),
    Test::new("RES0002", null_others),
    Test::new("RES0003", gs_base_instructions),
    Test::new("RES0004", selectors_of_the_kernel),
];

macro_rules! load {
    ($($name:ident: $($line:literal),+;)+) => {
        $(
            /// Loads segment registers, then runs on without memory through them.
            #[unsafe(naked)]
            extern "C" fn $name(_: u64) {
                naked_asm!($($line),+, "2: lock inc qword ptr [rdi]", "pause", "jmp 2b")
            }
        )+
    };
}

load! {
    gs_null: "xor eax, eax", "mov gs, eax";
    others_null: "xor eax, eax", "mov fs, eax", "mov ds, eax", "mov es, eax";
    gs_base: "xor eax, eax", "wrgsbase rax";
    fs_base: "mov rax, 0x12345678", "wrfsbase rax";
    gs_kernel_data: "mov eax, 0x10", "mov gs, eax";
    gs_beyond: "mov eax, 0xfff8", "mov gs, eax";
}

fn unloading(which: u64) {
    let word = board::address(0);
    match which {
        0 => gs_null(word),
        1 => others_null(word),
        2 => gs_base(word),
        3 => fs_base(word),
        4 => gs_kernel_data(word),
        _ => gs_beyond(word),
    }
}

/// Looks at its own ids again and again, by gs.
fn watching(expected: u64) {
    while board::get(2) == 0 {
        let mine = utcb::my().mr0() as u64;
        board::add(1, u64::from(mine != expected));
        board::add(3, 1);
    }
}

/// A thread that plays with segment registers shares the CPU with others of both spaces.
#[track_caller]
fn hurts_nobody(which: u64) -> Outcome {
    let server = worker::start(worker::away(), crate::ipc::echo, 0)?;
    worker::start(
        worker::here().slice(l4::Time::period(1_000)),
        unloading,
        which,
    )?;
    worker::start(
        worker::away().slice(l4::Time::period(1_000)),
        unloading,
        which,
    )?;
    let watcher = crate::harness::ids::fresh();
    let local = crate::harness::ids::utcb(watcher) + 512;
    worker::start(
        worker::here().id(watcher).slice(l4::Time::period(1_000)),
        watching,
        local,
    )?;
    for round in 0..20 {
        let answer = ipc::call_within(server, &Message::new(0).word(round), BOTH_SOON)?;
        hex("answer", answer.message.word_at(0), round + 1000)?;
        pause(2_000);
    }
    until("others run", || board::get(3) > 100)?;
    board::put(2, 1);
    equal("wrong local ids", board::get(1), 0)
}

fn null_gs() -> Outcome {
    hurts_nobody(0)
}

fn null_others() -> Outcome {
    hurts_nobody(1)
}

/// Whether or not the kernel lets users change segment bases.
fn gs_base_instructions() -> Outcome {
    hurts_nobody(2)?;
    board::put(2, 0);
    hurts_nobody(3)
}

fn selectors_of_the_kernel() -> Outcome {
    hurts_nobody(4)?;
    board::put(2, 0);
    hurts_nobody(5)
}
