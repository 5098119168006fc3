//! A mutex made of messages: a server gives the lock to one worker at a time. The workers, spread over
//! the CPUs, add to a counter in two steps that only work under the lock.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use l4::ipc::Received;
use l4::{IpcError, Message, Stack, ThreadId, Time, ipc, kip, println, schedule, server, thread};

l4::program!(main);

const WORKERS: usize = 6;
const ROUNDS: u64 = 200;

static SERVER_STACK: Stack<16384> = Stack::new();
static STACKS: [Stack<8192>; WORKERS] = [const { Stack::new() }; WORKERS];

/// What the lock protects. Atomic only because Rust wants it; it is read and written separately.
static COUNTER: AtomicU64 = AtomicU64::new(0);

const LOCK: u64 = 1;
const UNLOCK: u64 = 2;

fn main() -> ! {
    let ok = match run() {
        Ok(()) => {
            let counted = COUNTER.load(Relaxed);
            println!("[mutex] counted {counted} of {}", WORKERS as u64 * ROUNDS);
            counted == WORKERS as u64 * ROUNDS
        }
        Err(error) => {
            println!("[mutex] {error:?}");
            false
        }
    };
    l4::exit::report(ok)
}

fn run() -> Result<(), thread::StartError> {
    let mutex = thread::Builder::new()
        .new_space()
        .start(mutex_server, 0, &SERVER_STACK)?;
    for (number, stack) in STACKS.iter().enumerate() {
        let cpu = number % kip::cpus();
        thread::Builder::new()
            .new_space()
            .cpu(cpu)
            .start(worker, mutex.raw(), stack)?;
    }
    for _ in 0..WORKERS {
        let done = ipc::wait().map_err(thread::StartError::NotStarted)?;
        let Received { from, message, .. } = done;
        println!(
            "[mutex] worker {:x} on cpu {} is done",
            from.raw(),
            message.word_at(0)
        );
    }
    Ok(())
}

/// Serves lock and unlock. A worker that must wait just gets no answer until it is its turn.
fn mutex_server(_: u64) {
    let mut owner = ThreadId::NIL;
    let mut waiting = [ThreadId::NIL; WORKERS];
    server::serve(|request| match request.message.label() {
        LOCK if owner.is_nil() => {
            owner = request.from;
            Some(Message::new(LOCK))
        }
        LOCK => {
            let free = waiting.iter_mut().find(|entry| entry.is_nil())?;
            *free = request.from;
            None
        }
        UNLOCK if owner == request.from => {
            owner = waiting[0];
            waiting.rotate_left(1);
            waiting[WORKERS - 1] = ThreadId::NIL;
            if !owner.is_nil() {
                grant(owner);
            }
            Some(Message::new(UNLOCK))
        }
        _ => None,
    })
}

/// Answers a worker that waited. It is in the receive phase of its call, so this needs no time.
fn grant(owner: ThreadId) {
    if let Err(error) = ipc::send_within(owner, &Message::new(LOCK), Time::ZERO) {
        println!("[mutex] {:x} lost its turn: {error:?}", owner.raw());
    }
}

fn worker(mutex: u64) {
    let mutex = ThreadId::from_raw(mutex);
    for _ in 0..ROUNDS {
        if let Err(error) = count(mutex) {
            println!("[mutex] a worker stops: {error:?}");
            break;
        }
    }
    let cpu = l4::utcb::my().processor() as u64;
    if let Err(error) = ipc::send(kip::root(), &Message::new(0).word(cpu)) {
        println!("[mutex] a worker cannot report: {error:?}");
    }
}

/// One addition, with a pause in the middle that would show any other worker inside.
fn count(mutex: ThreadId) -> Result<(), IpcError> {
    ipc::call(mutex, &Message::new(LOCK))?;
    let seen = COUNTER.load(Relaxed);
    schedule::yield_now();
    COUNTER.store(seen + 1, Relaxed);
    ipc::call(mutex, &Message::new(UNLOCK)).map(|_| ())
}
