//! Who may speak for whom, and what the receiver learns.

use l4::abi::schedule::ThreadState::PendingSend;
use l4::{Message, Tag, ThreadId, Time, Timeouts, ipc, schedule, thread, utcb};

use super::plan;
use crate::harness::job::Done;
use crate::harness::raw::{self, UNTOUCHED};
use crate::harness::regular::local;
use crate::harness::{Failure, Job, Outcome, SOON, equal, hex, ids, pause, until, worker};

const P: u64 = Tag::PROPAGATED;
const ZERO: Time = Time::ZERO;

/// A thread that waits for ever.
#[track_caller]
fn parked(neighbour: bool, cpu: usize) -> Result<ThreadId, Failure> {
    let id = worker::start(plan(neighbour, cpu), |_| ipc::park(), 0)?;
    worker::until_waiting(&[id])?;
    Ok(id)
}

/// The message with label 7 was propagated: from whom, really from whom.
#[track_caller]
fn said_for(done: &Done, from: ThreadId, actual: ThreadId, flags: u64) -> Outcome {
    done.carries(7, 3, 70, P | flags)?;
    equal("from", done.from, from)?;
    hex("ActualSender", done.actual, actual.raw())?;
    hex("IntendedReceiver", done.intended, UNTOUCHED)
}

/// The message with label 7 is the sender's own.
#[track_caller]
fn said_as_oneself(done: &Done, from: ThreadId) -> Outcome {
    done.carries(7, 3, 70, 0)?;
    equal("from", done.from, from)?;
    hex("ActualSender", done.actual, UNTOUCHED)
}

fn message(to: ThreadId) -> Job {
    Job::send(to).words(7, 3, 70).within(SOON, SOON)
}

fn receive(from: ThreadId) -> Job {
    Job::receive(from).within(SOON, SOON)
}

/// The speaker shares the sender's space; the receiver may be anywhere.
pub(super) fn for_a_neighbour() -> Outcome {
    let (me, speaker) = (thread::myself(), parked(true, 0)?);
    for neighbour in [true, false] {
        let receiver = receive(ThreadId::ANY).start(plan(neighbour, 0))?;
        worker::until_waiting(&[receiver.id])?;
        message(receiver.id).speaking_for(speaker).now().ok()?;
        let (from, actual) = if neighbour {
            (local(speaker)?, local(me)?)
        } else {
            (speaker, me)
        };
        said_for(&receiver.result()?, from, actual, 0)?;
    }
    Ok(())
}

/// The receiver shares the sender's space; the speaker may be anywhere.
pub(super) fn to_a_neighbour() -> Outcome {
    let me = thread::myself();
    for neighbour in [true, false] {
        let speaker = parked(neighbour, 0)?;
        let receiver = receive(ThreadId::ANY).start(worker::here())?;
        worker::until_waiting(&[receiver.id])?;
        message(receiver.id).speaking_for(speaker).now().ok()?;
        let from = if neighbour { local(speaker)? } else { speaker };
        said_for(&receiver.result()?, from, local(me)?, 0)?;
    }
    Ok(())
}

/// Three spaces: the message is the sender's own, and it is not refused.
pub(super) fn otherwise_as_oneself() -> Outcome {
    let me = thread::myself();
    let speaker = parked(false, 0)?;
    let receiver = receive(ThreadId::ANY).start(worker::away())?;
    worker::until_waiting(&[receiver.id])?;
    let done = message(receiver.id).speaking_for(speaker).now();
    done.ok()?;
    said_as_oneself(&receiver.result()?, me)?;
    // Nor may the speaker's name open a closed receive.
    let receiver = receive(speaker).start(worker::away())?;
    worker::until_waiting(&[receiver.id])?;
    let job = message(receiver.id).within(ZERO, ZERO);
    job.speaking_for(speaker).now().bare_error(2)
}

/// The virtual sender may be named as the sender's own space names it.
pub(super) fn by_local_id() -> Outcome {
    let (me, speaker) = (thread::myself(), parked(true, 0)?);
    let receiver = receive(ThreadId::ANY).start(worker::away())?;
    worker::until_waiting(&[receiver.id])?;
    let job = message(receiver.id).speaking_for(local(speaker)?);
    job.now().ok()?;
    said_for(&receiver.result()?, speaker, me, 0)
}

/// Ids of nobody, and special ids.
pub(super) fn for_nobody() -> Outcome {
    let me = thread::myself();
    let wrong = ids::next_version(me);
    for speaker in [
        ThreadId::NIL,
        ThreadId::ANY,
        ThreadId::ANY_LOCAL,
        ids::fresh(),
        wrong,
        ThreadId::from_raw(0x40),
        ThreadId::from_raw(0xFFFF_8000_0000_0000),
        ThreadId::from_raw(l4::abi::layout::UTCB_AREA + 0x3_FE00),
    ] {
        let receiver = receive(ThreadId::ANY).start(worker::away())?;
        worker::until_waiting(&[receiver.id])?;
        message(receiver.id).speaking_for(speaker).now().ok()?;
        said_as_oneself(&receiver.result()?, me)?;
    }
    Ok(())
}

/// A closed receive takes the message if it is for the virtual or for the real sender, and no other.
pub(super) fn either_is_waited_for() -> Outcome {
    let (me, speaker, other) = (thread::myself(), parked(true, 0)?, parked(true, 0)?);
    for (waits_for, taken) in [(speaker, true), (me, true), (other, false)] {
        let receiver = receive(waits_for).start(worker::away())?;
        worker::until_waiting(&[receiver.id])?;
        let job = message(receiver.id)
            .within(ZERO, ZERO)
            .speaking_for(speaker);
        if taken {
            job.now().ok()?;
            said_for(&receiver.result()?, speaker, me, 0)?;
        } else {
            job.now().bare_error(2)?;
        }
    }
    Ok(())
}

/// A wait for the own space takes a message that a neighbour sends, or that is said for a neighbour.
pub(super) fn any_local() -> Outcome {
    any_local_on(0, 0)
}

/// As [`any_local`], and plain messages, in one space on two CPUs.
pub(super) fn any_local_across_cpus() -> Outcome {
    for (receiver, speaker) in [(1, 0), (0, 1), (1, 1)] {
        any_local_on(receiver, speaker)?;
    }
    let me = thread::myself();
    let far = Job::send(me).words(1, 1, 1).start(plan(false, 1))?;
    worker::until_state(far.id, PendingSend)?;
    let near = Job::send(local(me)?).words(2, 1, 2).start(plan(true, 1))?;
    let got = receive(ThreadId::ANY_LOCAL).now();
    got.carries(2, 1, 2, Tag::CROSS_CPU)?;
    equal("from", got.from, local(near.id)?)?;
    receive(far.id).now().carries(1, 1, 1, Tag::CROSS_CPU)
}

fn any_local_on(cpu: usize, other: usize) -> Outcome {
    let me = thread::myself();
    for neighbour in [true, false] {
        let speaker = parked(neighbour, other)?;
        let receiver = receive(ThreadId::ANY_LOCAL).start(plan(true, cpu))?;
        worker::until_waiting(&[receiver.id])?;
        message(receiver.id).speaking_for(speaker).now().ok()?;
        let from = if neighbour { local(speaker)? } else { speaker };
        let done = receiver.result()?;
        said_for(&done, from, local(me)?, done.mr[0] & Tag::CROSS_CPU)?;
    }
    Ok(())
}

/// A sender that has to wait is remembered with whom it speaks for.
pub(super) fn queued() -> Outcome {
    queued_on(0)
}

/// As [`queued`], the senders on another CPU.
pub(super) fn queued_across_cpus() -> Outcome {
    queued_on(1)
}

fn queued_on(cpu: usize) -> Outcome {
    let me = thread::myself();
    let speaker = parked(true, 0)?;
    let flags = if cpu == 0 { 0 } else { Tag::CROSS_CPU };
    for waits_for in [0, 1, 2] {
        let stranger = Job::send(me).words(1, 1, 1).start(plan(false, cpu))?;
        worker::until_state(stranger.id, PendingSend)?;
        let sender = message(me).speaking_for(speaker).start(plan(true, cpu))?;
        worker::until_state(sender.id, PendingSend)?;
        if waits_for == 2 {
            receive(stranger.id).now().carries(1, 1, 1, flags)?;
        }
        pause(2_000);
        let from = [speaker, sender.id, ThreadId::ANY][waits_for];
        said_for(
            &receive(from).now(),
            local(speaker)?,
            local(sender.id)?,
            flags,
        )?;
        sender.result()?.ok()?;
        raw::delete(stranger.id);
    }
    Ok(())
}

/// Who is spoken for may end before the message arrives.
pub(super) fn dead_speaker() -> Outcome {
    let me = thread::myself();
    let speaker = parked(true, 0)?;
    let sender = message(me).speaking_for(speaker).start(worker::here())?;
    worker::until_state(sender.id, PendingSend)?;
    raw::delete(speaker);
    let done = receive(ThreadId::ANY).now();
    said_for(&done, speaker, local(sender.id)?, 0)
}

/// Sender, virtual sender and receiver on all CPUs.
pub(super) fn across_cpus() -> Outcome {
    let me = thread::myself();
    for round in 0..8 {
        let [sender_cpu, speaker_cpu, receiver_cpu] = [round & 1, round >> 1 & 1, round >> 2];
        let speaker = parked(true, speaker_cpu)?;
        let receiver = receive(speaker).start(plan(false, receiver_cpu))?;
        worker::until_waiting(&[receiver.id])?;
        let job = message(receiver.id).speaking_for(speaker);
        let sender = job.start(plan(true, sender_cpu))?;
        let cross = if sender_cpu == receiver_cpu {
            0
        } else {
            Tag::CROSS_CPU
        };
        said_for(&receiver.result()?, speaker, sender.id, cross)?;
        sender.result()?.ok()?;
        // Three spaces.
        let receiver = receive(ThreadId::ANY).start(plan(false, receiver_cpu))?;
        worker::until_waiting(&[receiver.id])?;
        let job = message(receiver.id).speaking_for(me);
        let sender = job.start(plan(false, sender_cpu))?;
        let done = receiver.result()?;
        done.carries(7, 3, 70, cross)?;
        equal("from", done.from, sender.id)?;
    }
    Ok(())
}

/// A sender that waits goes to another CPU, and still speaks for the other.
pub(super) fn sender_moves() -> Outcome {
    let me = thread::myself();
    let speaker = parked(true, 0)?;
    for (first, second) in [(0, 1), (1, 0)] {
        let sender = message(me).speaking_for(speaker).start(plan(true, first))?;
        worker::until_state(sender.id, PendingSend)?;
        pause(2_000);
        schedule::set_cpu(sender.id, second)?;
        pause(2_000);
        let done = receive(speaker).now();
        let cross = done.mr[0] & Tag::CROSS_CPU;
        said_for(&done, local(speaker)?, local(sender.id)?, cross)?;
        sender.result()?.ok()?;
    }
    Ok(())
}

/// What the library makes of it.
pub(super) fn library() -> Outcome {
    let (me, speaker) = (thread::myself(), parked(true, 0)?);
    let answer = |_| {
        let Ok(request) = ipc::wait() else { return };
        let heard = [
            request.from.raw(),
            request.actual_sender.map_or(0, ThreadId::raw),
            request.intended_receiver.map_or(0, ThreadId::raw),
        ];
        let to = ThreadId::from_raw(request.message.word_at(0));
        // The test sees that nothing comes.
        let _ = ipc::send(to, &Message::new(9).words(&heard));
    };
    let helper = worker::start(worker::away(), answer, 0)?;
    worker::until_waiting(&[helper])?;
    let timeouts = Timeouts::new(SOON, SOON);
    let question = Message::new(5).word(me.raw());
    let heard = ipc::propagate(speaker, helper, helper, timeouts, &question)?;
    equal("nobody speaks for it", heard.actual_sender, None)?;
    equal(
        "what the helper heard",
        heard.message.untyped(),
        &[speaker.raw(), me.raw(), 0][..],
    )?;
    until("the virtual sender's field", || {
        utcb::my().virtual_sender() == speaker
    })
}
