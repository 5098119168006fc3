//! From a row of the plan to its samples.

use core::sync::atomic::Ordering::Relaxed;

use bench::plan::{LONGEST, Path, Row};
use bench::samples::one_of;
use l4::abi::protocol::INTERRUPT_TAG;
use l4::control::{self, Counter};
use l4::hpet::{Hpet, Trigger};
use l4::thread::StartError;
use l4::{IpcError, Message, SysError, Tag, ThreadId, interrupt, ipc, kip, syscall, thread, utcb};

use crate::hot::{self, Calls};
use crate::partner::Place;
use crate::{across, long, pages, pairs, partner};

/// Round trips per sample where a single one is not much longer than reading the clock.
const BATCH: u64 = 64;
/// Most samples of a row.
pub(crate) const MOST: usize = 2560;

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Samples of a row whose samples are batches.
    pub(crate) batches: usize,
    /// Samples of a row whose samples are single round trips, at most [`MOST`].
    pub(crate) singles: usize,
}

/// Why a row could not be measured.
#[derive(Debug)]
#[expect(dead_code, reason = "the fields are printed as a whole")]
pub(crate) enum Failure {
    /// A partner did not start.
    Start(StartError),
    /// A system call was refused.
    Refused(SysError),
    /// A message did not get through.
    Lost(IpcError),
    /// The answer to a check was wrong: words sent, and the tag that came back.
    WrongAnswer(usize, Tag),
    /// A string did not arrive: its length, and the last word that did.
    WrongString(usize, u64),
    /// Among the measured answers one had a wrong tag: all tags ORed.
    WrongTags(u64),
    /// The partner had fewer turns than it was yielded to: turns, rounds.
    NoSwitch(u64, u64),
    /// The kernel has no interrupt to the other CPU to offer.
    NoIpi,
    /// There is no event timer that can interrupt.
    NoTimer,
    /// After a move, the thread was on this CPU and not where it went.
    NotMoved(usize),
    /// A page showed this instead of what stands in it.
    WrongPage(u64),
}

/// The outcome of a row.
pub(crate) struct Measured {
    /// Round trips behind all samples.
    pub(crate) rounds: u64,
    /// Round trips behind one sample.
    pub(crate) batch: u64,
    /// Interrupts that all CPUs sent meanwhile; `None` if the kernel does not count them.
    pub(crate) ipis: Option<u64>,
}

/// Measures `row` into the first elements of `samples` and tells how many there are.
pub(crate) fn row(
    row: Row,
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    match row {
        Row::Message(path, words) => message(path, words, effort, samples),
        Row::String(bytes) => strings(bytes, Place::Here, effort, samples),
        Row::InterString(bytes) => strings(bytes, Place::Elsewhere, effort, samples),
        Row::Copy => {
            long::touch();
            sample(samples, effort.batches, 4, |rounds| {
                Ok(long::copies(LONGEST, rounds))
            })
        }
        Row::NullSyscall => {
            let stub = kip::kip().arch_syscall[0];
            // SAFETY: the stub's address is the kernel's.
            sample(samples, effort.batches, BATCH, |rounds| unsafe {
                Ok(hot::nulls(stub, rounds))
            })
        }
        Row::IpiRoundTrip => sample(samples, effort.singles, 1, |_| {
            control::ipi_round_trip(1).ok_or(Failure::NoIpi)
        }),
        Row::YieldSwitch => yields(effort, samples),
        Row::TwoCalls => in_two_calls(effort, samples),
        Row::Tick => ticks(effort, samples),
        Row::Interrupt => interrupts(effort, samples),
        Row::Fault => pages::faults(Place::Here, effort, samples),
        Row::InterFault => pages::faults(Place::Elsewhere, effort, samples),
        Row::Map => pages::maps(effort, samples),
        Row::Unmap => pages::unmaps(effort, samples),
        Row::InterUnmap => pages::unmaps_elsewhere(effort, samples),
        Row::InterRegisters => across::registers(effort, samples),
        Row::Migrate => across::moves(effort, samples),
        Row::Pairs(cpus) => pairs::calls(cpus, effort, samples),
    }
}

fn message(
    path: Path,
    words: usize,
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let spinner = match path {
        Path::InterBusy => Some(partner::spinner().map_err(Failure::Start)?),
        _ => None,
    };
    let server = ready_server(path, words)?;
    let (count, batch) = if path.crosses() {
        (effort.singles, 1)
    } else {
        (effort.batches, BATCH)
    };
    let measured = sample(samples, count, batch, |rounds| {
        calls(hot::calls, server, path, words, rounds)
    });
    partner::stop(server).map_err(Failure::Refused)?;
    spinner
        .map_or(Ok(()), partner::stop_spinner)
        .map_err(Failure::Refused)?;
    measured
}

/// Proves that words arrive, unchanged and in both directions, and that the kernel tells which way they came.
fn check(server: ThreadId, path: Path, words: usize) -> Result<(), Failure> {
    for round in 1..=3_u64 {
        let word = |index: u64| (index + round).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let request = (0..words as u64).fold(Message::new(partner::CHECK), |message, index| {
            message.word(word(index))
        });
        let answer = ipc::call(server, &request).map_err(Failure::Lost)?.message;
        let expected = partner::inverted(&request);
        let same = answer.untyped() == expected.untyped() && answer.label() == partner::CHECK;
        if !same || answer.tag().is_cross_cpu() != path.crosses() {
            return Err(Failure::WrongAnswer(words, answer.tag()));
        }
    }
    Ok(())
}

/// A loop that calls.
type Client = unsafe extern "C" fn(*mut Calls) -> u64;

/// The ticks of `rounds` calls by `client`.
fn calls(
    client: Client,
    server: ThreadId,
    path: Path,
    words: usize,
    rounds: u64,
) -> Result<u64, Failure> {
    let tag = Tag::new(0, words, 0);
    let mut frame = Calls {
        rounds,
        server: server.raw(),
        tag: tag.raw(),
        seen: 0,
        stub: kip::kip().ipc,
    };
    // SAFETY: the frame lives here, the stub's address is the kernel's, and nothing but words is accepted by default.
    let ticks = unsafe { client(&raw mut frame) };
    let expected = if path.crosses() {
        tag.with_cross_cpu()
    } else {
        tag
    };
    if frame.seen != expected.raw() {
        return Err(Failure::WrongTags(frame.seen));
    }
    Ok(ticks)
}

fn in_two_calls(effort: Effort, samples: &mut [u64; MOST]) -> Result<(usize, Measured), Failure> {
    let path = Path::IntraInterSpace;
    let server = ready_server(path, 0)?;
    let measured = sample(samples, effort.batches, BATCH, |rounds| {
        calls(hot::calls_in_two, server, path, 0, rounds)
    });
    partner::stop(server).map_err(Failure::Refused)?;
    measured
}

/// A server that was checked and answers as fast as it can.
fn ready_server(path: Path, words: usize) -> Result<ThreadId, Failure> {
    let server = partner::server(path, words).map_err(Failure::Start)?;
    check(server, path, words)?;
    ipc::call(server, &Message::new(partner::GO)).map_err(Failure::Lost)?;
    Ok(server)
}

fn strings(
    bytes: usize,
    place: Place,
    effort: Effort,
    samples: &mut [u64; MOST],
) -> Result<(usize, Measured), Failure> {
    let server = partner::string_server(bytes, place).map_err(Failure::Start)?;
    long::check(server, bytes)?;
    // The first of these is answered by what checks, too.
    long::calls(server, bytes, place.answer(), 2)?;
    let batch = if bytes > 4096 { 4 } else { BATCH };
    let measured = sample(samples, effort.batches, batch, |rounds| {
        long::calls(server, bytes, place.answer(), rounds)
    });
    partner::stop(server).map_err(Failure::Refused)?;
    measured
}

fn yields(effort: Effort, samples: &mut [u64; MOST]) -> Result<(usize, Measured), Failure> {
    let partner = partner::yielder().map_err(Failure::Start)?;
    let stub = kip::kip().thread_switch;
    // The first yield runs the partner's start-up code.
    l4::schedule::yield_now();
    let before = partner::TURNS.load(Relaxed);
    // SAFETY: the stub's address is the kernel's.
    let measured = sample(samples, effort.batches, BATCH, |rounds| unsafe {
        Ok(hot::yields(stub, rounds))
    })?;
    let turns = partner::TURNS.load(Relaxed) - before;
    partner::stop(partner).map_err(Failure::Refused)?;
    // Now and then the end of a time slice takes the place of a yield.
    let rounds = measured.1.rounds;
    if turns < rounds - rounds / 16 {
        return Err(Failure::NoSwitch(turns, rounds));
    }
    Ok(measured)
}

/// Microseconds in which the timer interrupts at least once.
const TICKING: u64 = 1250;

fn ticks(effort: Effort, samples: &mut [u64; MOST]) -> Result<(usize, Measured), Failure> {
    let khz = kip::processor(0).map_or(0, |processor| processor.internal_khz);
    let span = TICKING * khz / 1000;
    sample(samples, effort.singles.min(40), 1, |_| {
        Ok(hot::longest_gap(span))
    })
}

/// The line that the event timer interrupts by, one of those of PCI devices; and which of its timers does.
const LINE: u32 = 20;
const TIMER: usize = 1;
/// Microseconds until it does: time for the handler to wait and for the interrupted thread to run.
const AHEAD: u64 = 30;

fn interrupts(effort: Effort, samples: &mut [u64; MOST]) -> Result<(usize, Measured), Failure> {
    let hpet = Hpet::open()
        .ok()
        .flatten()
        .filter(|hpet| hpet.timers() > TIMER && hpet.reaches(TIMER, LINE))
        .ok_or(Failure::NoTimer)?;
    let stamper = partner::stamper().map_err(Failure::Start)?;
    interrupt::associate(LINE, thread::myself()).map_err(Failure::Refused)?;
    let irq = interrupt::thread(LINE).raw();
    let mr0 = utcb::my().mr0();
    // Who calls the interrupt's thread before its first message and is late would queue at a thread that queues.
    hpet.shoot(TIMER, LINE, Trigger::Level, AHEAD);
    ipc::receive(interrupt::thread(LINE)).map_err(Failure::Lost)?;
    let count = effort.singles.min(400);
    let measured = sample(samples, count, 1, |_| {
        hpet.shoot(TIMER, LINE, Trigger::Level, AHEAD);
        // SAFETY: the calling thread's own UTCB; nothing but words is accepted by default.
        let (_, tag) = unsafe { syscall::ipc_bare(irq, irq, 0, mr0, 0) };
        let now = hot::close();
        if tag != INTERRUPT_TAG.raw() {
            return Err(Failure::WrongTags(tag));
        }
        Ok(now - partner::STAMP.load(Relaxed))
    })?;
    hpet.stop(TIMER);
    interrupt::dissociate(LINE).map_err(Failure::Refused)?;
    partner::stop(stamper).map_err(Failure::Refused)?;
    Ok(measured)
}

/// Takes `count` samples of `batch` round trips each, after as many as a fourth of that without looking.
pub(crate) fn sample(
    samples: &mut [u64; MOST],
    count: usize,
    batch: u64,
    mut ticks: impl FnMut(u64) -> Result<u64, Failure>,
) -> Result<(usize, Measured), Failure> {
    for _ in 0..count.div_ceil(4) {
        ticks(batch)?;
    }
    let before = ipis_sent();
    for sample in &mut samples[..count] {
        *sample = one_of(ticks(batch)?, batch);
    }
    let after = ipis_sent();
    let ipis = before.zip(after).map(|(before, after)| after - before);
    let rounds = count as u64 * batch;
    let measured = Measured {
        rounds,
        batch,
        ipis,
    };
    Ok((count, measured))
}

/// Interrupts between CPUs since boot.
pub(crate) fn ipis_sent() -> Option<u64> {
    (0..kip::cpus())
        .map(|cpu| control::counter(cpu, Counter::IpisSent))
        .sum()
}
