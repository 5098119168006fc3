//! What arrives is what was sent.

use l4::thread::Builder;
use l4::{Message, Tag, ThreadId, ipc, syscall, thread, utcb};

use crate::harness::{Job, Outcome, SOON, board, equal, hex, until, worker};

/// Sends messages of 0 to 63 words to thread `to`, twice.
fn send_all(to: u64) {
    for (round, count) in lengths() {
        let job = Job::send(ThreadId::from_raw(to)).words(0xF00F, count, first_word(round, count));
        if job.within(SOON, SOON).now().ok().is_err() {
            board::add(0, 1);
        }
    }
    board::put(1, 1);
}

pub(super) fn lengths() -> impl Iterator<Item = (u64, usize)> {
    (0..2).flat_map(|round| (0..64).map(move |count| (round, count)))
}

pub(super) const fn first_word(round: u64, count: usize) -> u64 {
    1000 * round + 7 * count as u64
}

fn receive_all(plan: Builder) -> Outcome {
    let sender = worker::start(plan, send_all, thread::myself().raw())?;
    for (round, count) in lengths() {
        let got = Job::receive(sender).within(SOON, SOON).now();
        got.carries(0xF00F, count, first_word(round, count), 0)?;
    }
    until("the end of the sender", || board::get(1) == 1)?;
    equal("failed sends", board::get(0), 0)
}

pub(super) fn send_within_a_space() -> Outcome {
    receive_all(worker::here())
}

pub(super) fn send_across_spaces() -> Outcome {
    receive_all(worker::away())
}

/// Answers with the words plus 1000 and the label plus one.
pub(crate) fn echo(_: u64) {
    l4::server::serve(|request| Some(echoed(&request.message)))
}

/// That answer.
pub(super) fn echoed(message: &Message) -> Message {
    let words = message.untyped().iter();
    words.fold(Message::new(message.label() + 1), |answer, word| {
        answer.word(word + 1000)
    })
}

pub(super) fn call_across_spaces() -> Outcome {
    let server = worker::start(worker::away(), echo, 0)?;
    for count in 0..64 {
        let first = 3 * count as u64;
        let answer = Job::call(server)
            .words(0xF00D, count, first)
            .within(SOON, SOON)
            .now();
        answer.carries(0xF00E, count, first + 1000, 0)?;
    }
    Ok(())
}

/// All 48 bits of the label arrive; flags that are the kernel's to set do not.
pub(super) fn tag_reaches_the_receiver() -> Outcome {
    let me = thread::myself();
    let label = 0x8123_4567_89AB;
    let flags = Tag::ERROR | Tag::CROSS_CPU | Tag::REDIRECTED;
    let sent = Tag::new(label, 2, 0).raw() | flags;
    let sender = Job::send(me)
        .tag(sent)
        .registers(1, &[11, 12])
        .start(worker::away())?;
    let got = Job::receive(sender.id).within(SOON, SOON).now();
    hex("tag", got.mr[0], Tag::new(label, 2, 0).raw())?;
    hex("MR1", got.mr[1], 11)?;
    hex("MR2", got.mr[2], 12)
}

pub(super) fn lipc_is_ipc() -> Outcome {
    let server = worker::start(worker::here(), echo, 0)?;
    let local = crate::harness::regular::local(server)?;
    for to in [server, local] {
        for count in [0, 1, 7, 8, 63] {
            let words: [u64; 63] = core::array::from_fn(|index| index as u64);
            Message::new(5).words(&words[..count]).store(utcb::my());
            let timeouts = l4::Timeouts::new(SOON, SOON).raw();
            // SAFETY: the calling thread's own UTCB, which accepts nothing.
            unsafe { syscall::lipc(to.raw(), to.raw(), timeouts, utcb::my().mr0()) };
            let answer = Message::load(utcb::my());
            hex(
                "tag",
                worker::as_if_near(answer.tag().raw()),
                Tag::new(6, count, 0).raw(),
            )?;
            for (word, answer) in words.iter().zip(answer.untyped()) {
                hex("word", *answer, word + 1000)?;
            }
        }
    }
    Ok(())
}

pub(super) fn a_thousand_calls() -> Outcome {
    let server = worker::start(worker::away(), echo, 0)?;
    for round in 0..1000 {
        let answer = ipc::call_within(
            server,
            &Message::new(0).word(round),
            crate::harness::BOTH_SOON,
        )?;
        hex("answer", answer.message.word_at(0), round + 1000)?;
    }
    Ok(())
}
