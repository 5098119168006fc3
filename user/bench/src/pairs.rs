//! Pairs of a client and a server in another space, one pair on each CPU: what one has to do with the others.
//!
//! The client of the first CPU is the measuring thread. The others wait for [`TURN`], make their calls, and count in
//! [`DONE`]; nobody blocks or asks another CPU for anything meanwhile.

use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU64, AtomicUsize};

use bench::plan::MOST_PAIRS;
use l4::thread::Builder;
use l4::{Message, Stack, Tag, ThreadId, ipc, kip, thread};

use crate::hot::{self, Calls};
use crate::measure::{Effort, Failure, MOST, Measured, sample};
use crate::partner::PRIORITY;

/// Round trips of each pair per sample: so many that beginning and end do not count, and so few that the host's other work
/// leaves some samples alone.
const BATCH: u64 = 64;

static SERVER_STACKS: [Stack<1024>; MOST_PAIRS] = [const { Stack::new() }; MOST_PAIRS];
static CLIENT_STACKS: [Stack<1024>; MOST_PAIRS] = [const { Stack::new() }; MOST_PAIRS];

/// Raw ids of the servers.
static SERVERS: [AtomicU64; MOST_PAIRS] = [const { AtomicU64::new(0) }; MOST_PAIRS];
/// How many samples have begun.
static TURN: AtomicU64 = AtomicU64::new(0);
/// How many of the other clients are done with this sample.
static DONE: AtomicUsize = AtomicUsize::new(0);
/// All tags that the other clients received, ORed.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// The threads of some pairs; the first client is the calling thread.
struct Pairs {
    count: usize,
    servers: [ThreadId; MOST_PAIRS],
    clients: [ThreadId; MOST_PAIRS],
}

/// Calls and replies on `cpus` CPUs at once. A sample is the time over all round trips of all pairs.
pub(crate) fn calls(
    cpus: usize,
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let pairs = Pairs::start(cpus)?;
    // All take their time where the host has fewer cores.
    let count = (effort.singles.min(400) / cpus).max(1);
    let measured = sample(samples, count, BATCH * cpus as u64, |_| pairs.run())?;
    pairs.stop()?;
    Ok(measured)
}

impl Pairs {
    fn start(count: usize) -> Result<Self, Failure> {
        let mut pairs = Self {
            count,
            servers: [ThreadId::NIL; MOST_PAIRS],
            clients: [ThreadId::NIL; MOST_PAIRS],
        };
        for cpu in 0..count {
            let plan = Builder::new().priority(PRIORITY).cpu(cpu);
            let server = plan
                .new_space()
                .start(serve, 0, &SERVER_STACKS[cpu])
                .map_err(Failure::Start)?;
            SERVERS[cpu].store(server.raw(), Relaxed);
            pairs.servers[cpu] = server;
            if cpu == 0 {
                round_trips(cpu, 1);
            } else {
                let client = plan.start(client, cpu as u64, &CLIENT_STACKS[cpu]);
                pairs.clients[cpu] = client.map_err(Failure::Start)?;
                // Whoever serves the faults of both may need this CPU.
                ipc::receive(pairs.clients[cpu]).map_err(Failure::Lost)?;
            }
        }
        Ok(pairs)
    }

    /// The ticks until all pairs are done.
    fn run(&self) -> Result<u64, Failure> {
        DONE.store(0, Relaxed);
        let before = hot::now();
        TURN.fetch_add(1, Release);
        let seen = round_trips(0, BATCH);
        while DONE.load(Acquire) != self.count - 1 {
            core::hint::spin_loop();
        }
        let ticks = hot::now() - before;
        match seen | SEEN.load(Relaxed) {
            0 => Ok(ticks),
            seen => Err(Failure::WrongTags(seen)),
        }
    }

    fn stop(self) -> Result<(), Failure> {
        for cpu in 0..self.count {
            if cpu > 0 {
                thread::delete(self.clients[cpu]).map_err(Failure::Refused)?;
                // SAFETY: the only thread that ran on it is deleted.
                unsafe { CLIENT_STACKS[cpu].release() };
            }
            thread::delete(self.servers[cpu]).map_err(Failure::Refused)?;
            // SAFETY: the only thread that ran on it is deleted.
            unsafe { SERVER_STACKS[cpu].release() };
        }
        Ok(())
    }
}

/// All tags that were received, ORed: each is 0 if all is well.
fn round_trips(cpu: usize, rounds: u64) -> u64 {
    let mut frame = Calls {
        rounds,
        server: SERVERS[cpu].load(Relaxed),
        tag: Tag::new(0, 0, 0).raw(),
        seen: 0,
        stub: kip::kip().ipc,
    };
    // SAFETY: the frame lives here, the stub's address is the kernel's, and nothing but words is accepted by default.
    unsafe { hot::calls(&raw mut frame) };
    frame.seen
}

fn client(cpu: u64) {
    let (cpu, mut turn) = (cpu as usize, TURN.load(Relaxed));
    round_trips(cpu, 1);
    if ipc::send(kip::root(), &Message::new(0)).is_err() {
        return;
    }
    loop {
        while TURN.load(Acquire) == turn {
            core::hint::spin_loop();
        }
        turn += 1;
        SEEN.fetch_or(round_trips(cpu, BATCH), Relaxed);
        DONE.fetch_add(1, AcqRel);
    }
}

fn serve(_: u64) {
    let (stub, tag) = (kip::kip().ipc, Tag::new(0, 0, 0).raw());
    // SAFETY: the stub's address is the kernel's; nothing but words is accepted by default.
    unsafe { hot::echo(stub, tag, ThreadId::NIL.raw()) }
}
