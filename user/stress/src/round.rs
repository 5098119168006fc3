//! A round: everybody is made, works, comes to an end and is deleted; then the books must agree and nothing be left.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use l4::abi::exregs;
use l4::hpet::Hpet;
use l4::thread::StartError;
use l4::{Time, clock, ipc};
use stress::plan::{MOST_WORKERS, Role};
use stress::random::Random;
use stress::wrong::What;

use crate::board::{RUN, SLOTS, Stage, failure, pair, report};
use crate::report::{describe_pair, fail, fail_of};
use crate::staff::Member;
use crate::watch::Watch;
use crate::{afterlife, chaos, crew, irq, leaks, provider, storm};

/// How often everyone is looked at.
const LOOK: Time = Time::period(20_000);
/// How long the end may take, in microseconds.
const ENDING: u64 = 40_000_000;
/// Stream of the random numbers of this thread.
const STREAM: u64 = 1 << 62;

/// A whole round: works until `is_over` says so.
pub(crate) fn round(number: u64, hpet: Option<Hpet>, mut is_over: impl FnMut() -> bool) {
    RUN.come_to(Stage::Work);
    let mut watch = Watch::new();
    if let Err(error) = start(number, hpet) {
        fail(format_args!("the threads do not start: {error:?}"));
    }
    while !is_over() {
        look(&mut watch);
    }
    end(&mut watch, hpet);
    reconcile();
    leaks::look_for_threads();
    tell_failure();
}

fn start(number: u64, hpet: Option<Hpet>) -> Result<(), StartError> {
    let mut random = Random::new(RUN.seed.load(Relaxed), STREAM | number);
    provider::start()?;
    for index in 0..RUN.workers() {
        crew::start(index, &mut random)?;
    }
    irq::start(hpet)?;
    chaos::start()?;
    storm::start()
}

/// Waits a little, then looks whether anything is wrong.
fn look(watch: &mut Watch) {
    ipc::sleep(LOOK);
    watch.look();
    tell_failure();
}

fn tell_failure() {
    if let Some(wrong) = failure() {
        fail_of(wrong);
    }
}

/// Brings everybody to an end, in an order in which nobody is left waiting, and deletes them.
fn end(watch: &mut Watch, hpet: Option<Hpet>) {
    RUN.come_to(Stage::Calm);
    wait_until(watch, || {
        chaos::are_finished() && storm::are_finished() && irq::are_finished()
    });
    RUN.come_to(Stage::ClientsStop);
    wait_until(watch, || {
        let mut clients = (0..RUN.workers()).filter(|index| !serves(*index));
        clients.all(is_through)
    });
    RUN.come_to(Stage::AllStop);
    wait_until(watch, || {
        let mut all = true;
        for index in (0..RUN.workers()).filter(|index| !is_through(*index)) {
            all = false;
            wake(index);
        }
        all
    });
    irq::end(hpet);
    for index in (0..RUN.workers()).filter(|index| SLOTS[*index].dead.load(Acquire)) {
        afterlife::settle(index, true);
    }
    let workers = (0..RUN.workers()).rev().map(crew::end);
    let members = Member::all().map(Member::end);
    let all = workers.chain([storm::end()]).chain(members);
    if let Some(Err(error)) = { all }.find(Result::is_err) {
        report(What::Refused, MOST_WORKERS, None, error.raw());
    }
    for slot in &SLOTS {
        // Nobody was in the middle of anything.
        slot.dead.store(false, Release);
    }
}

fn serves(index: usize) -> bool {
    RUN.worker(index).role != Role::Client
}

/// Whether worker `index` is at its end or deleted.
fn is_through(index: usize) -> bool {
    SLOTS[index].finished.load(Acquire) || SLOTS[index].thread().is_none()
}

/// Gets a server out of its wait for more work.
fn wake(index: usize) {
    let slot = &SLOTS[index];
    if let Some(id) = slot.thread()
        && slot.alive.load(Acquire)
        && let Err(error) = chaos::abort_as(slot, id, exregs::RECEIVE)
    {
        report(What::Refused, index, None, error.raw());
    }
}

fn wait_until(watch: &mut Watch, mut over: impl FnMut() -> bool) {
    let begin = clock::micros();
    while !over() {
        look(watch);
        if clock::micros() - begin > ENDING {
            let late = (0..RUN.workers()).find(|index| !is_through(*index));
            let doing = late.map_or(0, |index| SLOTS[index].doing().0);
            report(What::NotStopped, late.unwrap_or(MOST_WORKERS), None, doing);
        }
    }
}

/// Compares all books when everybody is gone.
fn reconcile() {
    let workers = RUN.workers();
    let all = (0..workers).flat_map(|sender| (0..workers).map(move |receiver| (sender, receiver)));
    for (sender, receiver) in all {
        if let Err((what, detail)) = pair(sender, receiver).reconcile() {
            describe_pair(sender, receiver);
            report(what, sender, Some(receiver), detail);
        }
    }
}
