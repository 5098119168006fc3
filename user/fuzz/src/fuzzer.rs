//! What a thread does: one step after the other. A step depends on the seed, the thread and the number of the step only.

use core::arch::naked_asm;
use core::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::{ipc, utcb};
use stress::random::Random;

use crate::people::{self, Fuzzer};
use crate::words::Draw;
use crate::{blows, calls};

static SEED: AtomicU64 = AtomicU64::new(0);
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Lets the threads begin, with these random numbers.
pub(crate) fn begin(seed: u64) {
    SEED.store(seed, Relaxed);
    BEGUN.store(true, Release);
}

/// Do the threads what they are there for?
pub(crate) fn have_begun() -> bool {
    BEGUN.load(Acquire)
}

/// From here on, threads do nothing but one step that uses the FPU and the debug registers.
pub(crate) fn end() {
    BEGUN.store(false, Release);
}

/// Where a thread begins, and begins again whatever happened to it: any registers will do.
pub(crate) fn entry() -> u64 {
    start as *const () as u64
}

/// Finds its own stack by its id: the word 120 bytes below MR0.
#[unsafe(naked)]
extern "C" fn start() -> ! {
    naked_asm!(
        "mov rdi, gs:[0]",
        "mov rdi, [rdi - 120]",
        // Any stack of its own will do until it knows which.
        "lea rsp, [rip + {stacks}]",
        "shr rdi, 32",
        "sub edi, [rip + {first}]",
        "cmp edi, {fuzzers}",
        "jae 2f",
        "imul rax, rdi, {size}",
        "add rsp, rax",
        "add rsp, {top}",
        "push 2",
        "popfq",
        "xor ebp, ebp",
        "call {run}",
        "2: ud2",
        stacks = sym people::BELONGINGS,
        first = sym people::FIRST_NUMBER,
        fuzzers = const people::FUZZERS,
        size = const people::SIZE,
        top = const people::TOP,
        run = sym run,
    )
}

extern "C" fn run(index: usize) -> ! {
    let me = Fuzzer(index);
    utcb::my().set_exception_handler(people::pager());
    if !have_begun() {
        blows::float(0);
        l4::debug::take_status();
        me.begin_step();
        ipc::park();
    }
    loop {
        let seed = SEED.load(Relaxed);
        let random = Random::new(seed, (index as u64) << 40 | me.begin_step());
        step(&mut Draw { random, me });
    }
}

fn step(draw: &mut Draw) {
    match draw.below(100) {
        0..40 => calls::ipc(draw),
        40..46 => calls::unmap(draw),
        46..54 => calls::exchange_registers(draw),
        54..60 => calls::schedule(draw),
        60..64 => calls::thread_switch(draw),
        64..66 => calls::small(draw),
        66..76 => calls::thread_control(draw),
        76..78 => calls::space_control(draw),
        78..80 => calls::control(draw),
        80..84 => calls::utcb_words(draw),
        84..87 => calls::without_stub(draw),
        87..90 => calls::disturb(draw),
        90..94 => blows::touch(draw),
        94..96 => blows::exception(draw),
        96..98 => blows::float(draw.word()),
        _ => ipc::sleep(l4::Time::period(100)),
    }
}
