//! The default root task: shows that every CPU runs user threads.
//!
//! It starts one thread per CPU, each in an address space of its own, and waits for a message from
//! each. With the word `check` on its command line it then ends the machine with success (or failure
//! if a CPU stays silent); else it lists the boot modules and stays.
#![no_std]
#![no_main]

use l4::ipc::Received;
use l4::{IpcError, Message, Stack, ThreadId, Time, boot, clock, ipc, kip, println, thread, utcb};

l4::program!(main);

/// CPUs that can be shown; a machine with more fails the check.
const MAX_CPUS: usize = 256;

static STACKS: [Stack<4096>; MAX_CPUS] = [const { Stack::new() }; MAX_CPUS];

/// How long a CPU may stay silent.
const PATIENCE: Time = Time::period(30_000_000);

fn main() -> ! {
    let cpus = kip::cpus();
    println!(
        "[root] Pecan with {cpus} CPUs, root task after {} us",
        clock::micros()
    );
    let ok = show_cpus(cpus);
    if boot::args().split_whitespace().any(|word| word == "check") {
        l4::exit::report(ok);
    }
    list_modules();
    println!(
        "[root] nothing left to do; give another root task with `cargo xtask boot --root ELF`"
    );
    ipc::park()
}

/// Starts the threads and prints a line for each that reports. True if all do, each from its CPU.
fn show_cpus(cpus: usize) -> bool {
    for cpu in 0..cpus {
        if let Err(error) = start_on(cpu) {
            println!("[boot] cpu {cpu} gets no thread: {error:?}");
            return false;
        }
    }
    for reported in 0..cpus {
        match next_report() {
            Ok((cpu, thread)) => println!("[boot] cpu {cpu} runs thread {:x}", thread.raw()),
            Err(error) => {
                println!("[boot] only {reported} of {cpus} CPUs reported: {error:?}");
                return false;
            }
        }
    }
    println!("[boot] all {cpus} CPUs run user threads");
    true
}

fn start_on(cpu: usize) -> Result<ThreadId, thread::StartError> {
    let stack = STACKS.get(cpu).ok_or(thread::StartError::StackInUse)?;
    thread::Builder::new()
        .new_space()
        .cpu(cpu)
        .start(report, cpu as u64, stack)
}

/// What each thread does: tells the root task where it runs, and where it was meant to.
fn report(planned: u64) {
    let here = utcb::my().processor() as u64;
    // If this fails the root task misses the report, and says so.
    let _ = ipc::send(kip::root(), &Message::new(0).words(&[planned, here]));
}

/// The next report from a CPU that the thread was meant for; others are shown and passed over.
fn next_report() -> Result<(u64, ThreadId), IpcError> {
    loop {
        let Received { from, message, .. } = ipc::receive_within(ThreadId::ANY, PATIENCE)?;
        let (planned, here) = (message.word_at(0), message.word_at(1));
        if planned == here {
            return Ok((here, from));
        }
        println!(
            "[boot] thread {:x} for cpu {planned} runs on cpu {here}",
            from.raw()
        );
    }
}

fn list_modules() {
    for module in boot::modules() {
        let boot::Module {
            command_line,
            start,
            size,
        } = module;
        println!("[root] module {command_line}: {size} bytes at {start:#x}");
    }
}
