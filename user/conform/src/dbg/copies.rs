//! The kernel copies strings from and to memory that the copying thread watches.

use l4::debug::{self, On};
use l4::string::{self, Buffers, LongMessage};
use l4::{Message, ThreadId};

use super::watcher::{self, COUNT, DONE, logged, watch};
use super::{code, on, word};
use crate::harness::{Outcome, board, equal, until, worker};
use l4::abi::schedule::ThreadState;

/// Board words: the partner, then 16 words that are sent and 16 that are filled, the watched word among them.
const PARTNER: usize = 300;
const OTHER: usize = 302;
const GO: usize = 303;
const WORDS: usize = 16;
const SOURCE: usize = 600;
const TARGET: usize = super::WORD - 8;

/// The memory of [`WORDS`] words of the board, which no reference is to.
fn bytes(index: usize) -> &'static mut [u8] {
    // SAFETY: the words are the board's; what copies them is the kernel.
    unsafe { core::slice::from_raw_parts_mut(board::address(index) as *mut u8, 8 * WORDS) }
}

fn send(_: u64) {
    let to = ThreadId::from_raw(board::get(PARTNER));
    let message = LongMessage::new(Message::new(0)).string(bytes(SOURCE));
    board::put(OTHER, 1 + u64::from(string::send(to, &message).is_ok()));
}

fn receive_watched() {
    debug::set(&on(On::Access));
    let from = ThreadId::from_raw(board::get(PARTNER + 1));
    let got = string::receive(from, Buffers::new().buffer(bytes(TARGET)));
    let got = got.is_ok_and(|got| got.message.string_lengths().eq([8 * WORDS as u64]));
    let status = debug::take_status();
    code::write(word(), 77);
    board::put(DONE, 1 + u64::from(got) + (status << 8));
}

/// The receiver watches its buffer: copied into by the sender, or by itself when the sender was first.
pub(super) fn into_watched_memory() -> Outcome {
    for sender_first in [false, true] {
        for plan in [worker::here(), worker::away()] {
            let handler = watcher::start()?;
            clear();
            let receiver = worker::here().priority(if sender_first { 90 } else { 110 });
            // The sender is told whom to send to, the receiver from whom it comes: anybody.
            board::put(PARTNER + 1, ThreadId::ANY.raw());
            let receiver = watch(receiver, handler, wait_then_receive)?;
            board::put(PARTNER, receiver.raw());
            if !sender_first {
                board::put(GO, 1);
                worker::until_waiting(&[receiver])?;
            }
            let sender = worker::start(plan, send, 0)?;
            if sender_first {
                worker::until_state(sender, ThreadState::PendingSend)?;
                board::put(GO, 1);
            }
            until("both ends", || {
                board::get(DONE) != 0 && board::get(OTHER) != 0
            })?;
            equal("received, nothing reported", board::get(DONE), 2)?;
            arrived()?;
        }
    }
    Ok(())
}

fn wait_then_receive() {
    while board::get(GO) == 0 {
        l4::ipc::sleep(l4::Time::period(2_000));
    }
    receive_watched()
}

fn send_watched() {
    debug::set(&on(On::Access));
    let to = ThreadId::from_raw(board::get(PARTNER));
    let message = LongMessage::new(Message::new(0)).string(bytes(TARGET));
    let sent = string::send(to, &message).is_ok();
    let status = debug::take_status();
    code::write(word(), 77);
    board::put(DONE, 1 + u64::from(sent) + (status << 8));
}

fn receive(_: u64) {
    let mut buffer = [0; 8 * WORDS];
    let got = string::receive(ThreadId::ANY, Buffers::new().buffer(&mut buffer));
    let whole = got.is_ok()
        && buffer
            .iter()
            .enumerate()
            .all(|(at, byte)| *byte == at as u8);
    board::put(OTHER, 1 + u64::from(whole));
}

/// The sender watches what it sends, and copies it itself.
pub(super) fn from_watched_memory() -> Outcome {
    for plan in [worker::here(), worker::away()] {
        let handler = watcher::start()?;
        clear();
        for (at, byte) in bytes(TARGET).iter_mut().enumerate() {
            *byte = at as u8;
        }
        let receiver = worker::start(plan, receive, 0)?;
        worker::until_waiting(&[receiver])?;
        board::put(PARTNER, receiver.raw());
        watch(worker::here(), handler, send_watched)?;
        until("both ends", || {
            board::get(DONE) != 0 && board::get(OTHER) != 0
        })?;
        equal("sent, nothing reported", board::get(DONE), 2)?;
        equal("received", board::get(OTHER), 2)?;
        only_the_last_write()?;
    }
    Ok(())
}

fn clear() {
    for word in [DONE, OTHER, GO, COUNT] {
        board::put(word, 0);
    }
    for (at, byte) in bytes(SOURCE).iter_mut().enumerate() {
        *byte = at as u8;
    }
    bytes(TARGET).fill(0);
}

/// The whole string is there, but for the word that the thread wrote afterwards.
#[track_caller]
fn arrived() -> Outcome {
    for at in (0..WORDS).filter(|at| TARGET + at != super::WORD) {
        equal("word", board::get(TARGET + at), board::get(SOURCE + at))?;
    }
    equal("sent", board::get(OTHER), 2)?;
    only_the_last_write()
}

#[track_caller]
fn only_the_last_write() -> Outcome {
    equal("exceptions", board::get(COUNT), 1)?;
    let after = code::write as *const () as u64 + code::WRITE_LENGTH;
    equal("it", logged(0), (1, after))
}
