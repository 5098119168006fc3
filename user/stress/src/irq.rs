//! A device's interrupts: each of its timers has a thread that asks for an interrupt, gets it, once, and answers it, while
//! others move the thread from CPU to CPU.

use core::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use l4::abi::protocol::INTERRUPT;
use l4::hpet::{Hpet, Trigger};
use l4::sigma0::RequestError;
use l4::thread::{Builder, StartError};
use l4::{IpcCode, IpcError, Phase, Time, interrupt, ipc};
use stress::mix::Kind;
use stress::random::Random;
use stress::wrong::What;

use crate::board::{RUN, Stage, report};
use crate::staff::{DRIVER, DRIVERS, Member};

/// The line and trigger of each timer.
const LINES: [(u32, Trigger); DRIVERS] = [
    (8, Trigger::Edge),
    (20, Trigger::Level),
    (21, Trigger::Level),
];
/// Between the workers.
const PRIORITY: u8 = 150;
/// What an interrupt takes at most, in microseconds.
const LONG: u64 = 10_000_000;
/// Set in a stream number to keep these random numbers apart from the workers'.
const STREAM: u64 = 5 << 60;

/// The lines are open.
static OPEN: AtomicBool = AtomicBool::new(false);
/// Interrupts that came.
pub(crate) static CAME: AtomicU64 = AtomicU64::new(0);

/// The device, if it is asked for and there is one.
pub(crate) fn open() -> Result<Option<Hpet>, RequestError> {
    if !RUN.mix().has(Kind::Irq) {
        return Ok(None);
    }
    let usable = |hpet: &Hpet| {
        let mut lines = LINES.iter().enumerate();
        hpet.timers() >= DRIVERS && lines.all(|(timer, (line, _))| hpet.reaches(timer, *line))
    };
    Ok(Hpet::open()?.filter(usable))
}

/// Starts the threads, on as many CPUs as there are.
pub(crate) fn start(hpet: Option<Hpet>) -> Result<(), StartError> {
    if hpet.is_none() {
        return Ok(());
    }
    let cpus = RUN.cpus.load(Relaxed);
    for (index, driver) in DRIVER.iter().enumerate() {
        let plan = Builder::new().cpu(index % cpus).priority(PRIORITY);
        driver.start(plan, drive, index)?;
        if let Some(id) = driver.thread() {
            interrupt::associate(LINES[index].0, id)?;
        }
    }
    OPEN.store(true, Release);
    Ok(())
}

/// Whether all of them came to their end.
pub(crate) fn are_finished() -> bool {
    DRIVER.iter().all(Member::is_finished)
}

/// Nobody gets interrupts any more.
pub(crate) fn end(hpet: Option<Hpet>) {
    let Some(hpet) = hpet else { return };
    OPEN.store(false, Release);
    for (timer, (line, _)) in LINES.iter().enumerate() {
        hpet.stop(timer);
        if let Err(error) = interrupt::dissociate(*line) {
            report(What::Refused, timer, None, error.raw());
        }
    }
}

fn drive(index: u64) {
    let driver = &DRIVER[index as usize];
    let mut random = Random::new(RUN.seed.load(Relaxed), STREAM | index);
    while !OPEN.load(Acquire) {
        ipc::sleep(Time::period(100));
    }
    if let Some(hpet) = Hpet::already_open() {
        while !RUN.has_come_to(Stage::Calm) {
            driver.beat();
            if let Err((what, detail)) = one(hpet, index as usize, &mut random) {
                report(what, index as usize, None, detail);
                ipc::park();
            }
        }
    }
    driver.finish();
}

/// One interrupt, from the wish to the answer.
fn one(hpet: Hpet, timer: usize, random: &mut Random) -> Result<(), (What, u64)> {
    let (line, trigger) = LINES[timer];
    let failed = |error: IpcError| (What::Interrupt, error.raw());
    hpet.shoot(timer, line, trigger, random.between(20, 2000));
    let irq = interrupt::thread(line);
    let received = ipc::receive_within(irq, Time::period(LONG)).map_err(failed)?;
    if received.message.label() != INTERRUPT || interrupt::line(&received) != Some(line) {
        return Err((What::Interrupt, received.message.tag().raw()));
    }
    hpet.stop(timer);
    CAME.fetch_add(1, Relaxed);
    interrupt::acknowledge(line).map_err(failed)?;
    // What level means is that it comes until it is taken back; that was before the answer.
    match ipc::receive_within(irq, Time::ZERO) {
        Err(error) if error == IpcError::new(Phase::Receive, IpcCode::Timeout) => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(received) => Err((What::TooMany, received.message.tag().raw())),
    }
}
