//! What threads ask the pager for besides pages. The labels are this library's own.

use pecan_abi::error::IpcError;
use pecan_abi::id::ThreadId;
use pecan_abi::time::Time;

use super::running;
use crate::message::{MAX_WORDS, Message};
use crate::{console, control, ipc};

/// Print: word 0 is the length, the bytes follow, eight to a word.
const PRINT: u64 = 0x0070_7269_6e74;
/// Start a thread: id, instruction pointer, stack pointer. The answer is 1 or 0.
const START: u64 = 0x0073_7461_7274;
/// End the machine: the exit code.
const EXIT: u64 = 0x6578_6974;

/// A new thread is in its start-up receive at once, so this only bounds a mistake.
const START_TIMEOUT: Time = Time::period(2_000_000);

/// The pager's side.
pub(super) fn answer(message: &Message) -> Option<Message> {
    match message.label() {
        PRINT => {
            let (bytes, length) = unpack(message.untyped());
            console::write(&bytes[..length]);
            Some(Message::new(PRINT))
        }
        START => {
            let [thread, ip, sp] = [0, 1, 2].map(|index| message.word_at(index));
            let start = Message::new(0).words(&[ip, sp]);
            let sent = ipc::send_within(ThreadId::from_raw(thread), &start, START_TIMEOUT);
            Some(Message::new(START).word(sent.err().map_or(0, IpcError::raw)))
        }
        EXIT => {
            control::exit(message.word_at(0));
            None
        }
        _ => None,
    }
}

/// Asks the pager to print; without a pager the text is lost.
pub(crate) fn ask_for_print(text: &[u8]) {
    let pager = running();
    if pager.is_nil() || pager == crate::thread::myself() {
        return;
    }
    // The text is lost if the pager is gone; there is nobody to tell.
    let _ = ipc::call(pager, &pack(text));
}

/// Asks the pager to send `thread` its start message.
pub(crate) fn ask_for_start(thread: ThreadId, ip: u64, sp: u64) -> Result<(), IpcError> {
    let request = Message::new(START).words(&[thread.raw(), ip, sp]);
    let answer = ipc::call(running(), &request)?;
    IpcError::from_raw(answer.message.word_at(0)).map_or(Ok(()), Err)
}

/// Asks the pager to end the machine; returns if there is none.
pub(crate) fn ask_for_exit(code: u64) {
    if !running().is_nil() {
        // If the pager is gone there is nobody left to ask.
        let _ = ipc::call(running(), &Message::new(EXIT).word(code));
    }
}

fn pack(text: &[u8]) -> Message {
    let text = &text[..text.len().min(8 * (MAX_WORDS - 1))];
    let mut words = [0; MAX_WORDS];
    words[0] = text.len() as u64;
    for (word, chunk) in words[1..].iter_mut().zip(text.chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(bytes);
    }
    Message::new(PRINT).words(&words[..1 + text.len().div_ceil(8)])
}

fn unpack(words: &[u64]) -> ([u8; 8 * MAX_WORDS], usize) {
    let mut bytes = [0; 8 * MAX_WORDS];
    let (length, text) = words
        .split_first()
        .map_or((0, words), |(length, text)| (*length as usize, text));
    for (target, word) in bytes.chunks_exact_mut(8).zip(text) {
        target.copy_from_slice(&word.to_le_bytes());
    }
    (bytes, length.min(8 * text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_every_length_survives() {
        let text: [u8; 500] = core::array::from_fn(|index| index as u8);
        for length in [0, 1, 7, 8, 9, 240, 495, 496] {
            let (bytes, unpacked) = unpack(pack(&text[..length]).untyped());
            assert_eq!(&bytes[..unpacked], &text[..length]);
        }
        assert_eq!(
            unpack(pack(&text).untyped()).1,
            496,
            "what does not fit is cut"
        );
    }

    #[test]
    fn a_lying_length_is_cut_to_what_was_sent() {
        assert_eq!(unpack(&[u64::MAX, 1]).1, 8);
        assert_eq!(unpack(&[9]).1, 0);
        assert_eq!(unpack(&[]).1, 0);
    }
}
