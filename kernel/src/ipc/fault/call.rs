//! A call that the kernel makes on behalf of a thread: what the user had in the registers that it uses is kept and
//! restored.

use pecan_abi::error::{IpcCode, IpcError};
use pecan_abi::id::ThreadId;
use pecan_abi::tag::Tag;

use crate::cpu;
use crate::ipc::{Request, phases, receive};
use crate::thread::{Again, Field, Owned, Resources};

/// Whether a call for a thread got its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The partner answered.
    Answered,
    /// The IPC failed or was cancelled.
    Failed,
    /// There is no such partner, or no longer.
    Nobody,
}

/// Calls `partner` for `me` with the message that is in its MRs, without timeouts; MR0 is `tag`. With `acceptor`, that
/// is BR0 meanwhile. ErrorCode and BR0 are as before afterwards; MRs hold the answer.
#[inline]
pub(super) fn call(me: Owned, partner: u64, tag: Tag, acceptor: Option<u64>) -> Outcome {
    let utcb = me.utcb.get();
    let partner = global(me, partner);
    if partner == 0 {
        return Outcome::Nobody;
    }
    let (error_code, acceptor_before) = (utcb.get(Field::ERROR_CODE), utcb.get(Field::BR0));
    if let Some(acceptor) = acceptor {
        utcb.set(Field::BR0, acceptor);
    }
    let request = Request {
        to: partner,
        from: partner,
        timeouts: 0,
        tag,
    };
    me.resources.set(me.resources.get() | Resources::INSIDE);
    run(me, &request);
    me.resources.set(me.resources.get() & !Resources::INSIDE);
    let outcome = outcome(me);
    utcb.set(Field::ERROR_CODE, error_code);
    if acceptor.is_some() {
        utcb.set(Field::BR0, acceptor_before);
    }
    outcome
}

/// How the IPC that has just ended went.
fn outcome(me: Owned) -> Outcome {
    let utcb = me.utcb.get();
    if !Tag::from_raw(utcb.mr(0)).is_error() {
        return Outcome::Answered;
    }
    match IpcError::from_raw(utcb.get(Field::ERROR_CODE)) {
        Some(error) if error.code == IpcCode::NonExisting => Outcome::Nobody,
        _ => Outcome::Failed,
    }
}

/// Carries the request out to its end, however often the thread has to take it up again, and wherever it moves.
fn run(me: Owned, request: &Request) {
    phases::perform(me, cpu::current(), request).carry_out(me);
    loop {
        match me.again.replace(Again::Nothing) {
            Again::Nothing => return,
            Again::Receive => receive::perform(me, cpu::current(), request).carry_out(me),
            Again::Restart => phases::perform(me, cpu::current(), request).carry_out(me),
        }
    }
}

/// The global id of a partner that the user named in a UTCB field, perhaps by its local id; 0 if it names nobody.
fn global(me: Owned, id: u64) -> u64 {
    let id = ThreadId::from_raw(id);
    if id.is_nil() || id.is_global() {
        return id.raw();
    }
    me.space()
        .and_then(|space| space.global_id(id))
        .unwrap_or(0)
}
