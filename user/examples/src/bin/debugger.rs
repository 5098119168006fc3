//! A debugger: a thread that serves another's exceptions, sets a breakpoint on a word of memory for it, and leads it through
//! a function step by step.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use l4::debug::{self, Breakpoint, On};
use l4::exception::{Exception, RESUME_FLAG, TRAP_FLAG, register};
use l4::{Stack, ThreadId, ipc, println, thread, utcb};

l4::program!(main);

/// The word that is watched.
static WATCHED: AtomicU64 = AtomicU64::new(0);
/// Rounds of the loop that is stepped through.
const ROUNDS: u64 = 10;

static STACK: Stack<16384> = Stack::new();

fn main() -> ! {
    let debuggee =
        thread::Builder::new()
            .new_space()
            .start(debuggee, thread::myself().raw(), &STACK);
    let ok = debuggee.is_ok_and(|debuggee| session(debuggee).unwrap_or(false));
    l4::exit::report(ok)
}

/// The debuggee: stops for its debugger, writes a word, walks through a loop, stops again.
fn debuggee(debugger: u64) {
    utcb::my().set_exception_handler(ThreadId::from_raw(debugger));
    stop();
    WATCHED.store(7, Relaxed);
    stop();
    walk(ROUNDS);
    stop();
}

#[inline(never)]
fn stop() {
    // SAFETY: the breakpoint exception changes nothing unless the debugger says so.
    unsafe { core::arch::asm!("int3") };
}

/// One instruction before the loop, two in each round, one after it.
#[unsafe(naked)]
extern "C" fn walk(rounds: u64) {
    core::arch::naked_asm!("mov rcx, rdi", "2: dec rcx", "jnz 2b", "ret")
}

/// The debugger's side. `None`: something else came than was to come.
fn session(debuggee: ThreadId) -> Option<bool> {
    let first = next(debuggee, None)?;
    let watch = Breakpoint {
        on: On::Write,
        address: WATCHED.as_ptr() as u64,
        length: 8,
    };
    let loaded = next(
        debuggee,
        Some(debug::load(&[Some(watch), None, None, None], &first)),
    )?;
    debug::loaded(&loaded)?;
    let hit = next(debuggee, Some(first))?;
    println!(
        "[debugger] {:#x} wrote {}",
        hit.get(register::RIP),
        WATCHED.load(Relaxed)
    );
    let loaded = next(debuggee, Some(debug::load(&[None; 4], &hit)))?;
    let fired = debug::loaded(&loaded)?;
    let second = next(debuggee, Some(hit))?;
    let steps = step(debuggee, second)?;
    println!("[debugger] {steps} steps inside the function");
    Some(hit.vector() == 1 && fired == 1 && WATCHED.load(Relaxed) == 7 && steps == 2 * ROUNDS + 2)
}

/// Steps on until the debuggee stops again; returns how many instructions of [`walk`] it executed.
fn step(debuggee: ThreadId, stopped: Exception) -> Option<u64> {
    let walk = walk as *const () as u64;
    let mut at = stopped;
    let mut steps = 0;
    loop {
        at.set_flag(TRAP_FLAG, true);
        at.set_flag(RESUME_FLAG, true);
        let ip = at.get(register::RIP);
        at = next(debuggee, Some(at))?;
        steps += u64::from((walk..walk + 9).contains(&ip));
        if at.vector() != 1 {
            return Some(steps);
        }
    }
}

/// Lets the debuggee go on with these registers, and waits for its next exception.
fn next(debuggee: ThreadId, registers: Option<Exception>) -> Option<Exception> {
    let message = match registers {
        None => ipc::receive(debuggee),
        Some(registers) => ipc::call(debuggee, &registers.answer()),
    };
    Exception::from_message(&message.ok()?.message)
}
