//! A call that the kernel makes on behalf of a thread: what the user had in the registers that it uses is kept and
//! restored.

use pecan_abi::error::{IpcCode, IpcError};
use pecan_abi::tag::Tag;

use crate::cpu;
use crate::ipc::{Request, phases, receive, validate};
use crate::thread::{Again, Field, Owned, Resources};

/// Whether a call for a thread got its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The partner answered.
    Answered,
    /// The IPC failed.
    Failed,
    /// ExchangeRegisters ended it.
    Cancelled,
    /// There is no such partner, or no longer.
    Nobody,
}

/// Calls `partner` for `me` with the message that is in its MRs, without timeouts; MR0 is `tag`. With `acceptor`, that
/// is BR0 meanwhile. The answer changes no message register beyond `room`. ErrorCode and BR0 are as before afterwards.
#[inline]
pub(super) fn call(
    me: Owned,
    partner: u64,
    tag: Tag,
    acceptor: Option<u64>,
    room: usize,
) -> Outcome {
    let utcb = me.utcb.get();
    let partner = validate::global(me, partner);
    if partner == 0 {
        return Outcome::Nobody;
    }
    let (error_code, acceptor_before) = (utcb.get(Field::ERROR_CODE), utcb.get(Field::BR0));
    let others = OTHERS.map(|field| utcb.get(field));
    if let Some(acceptor) = acceptor {
        utcb.set(Field::BR0, acceptor);
    }
    let request = Request {
        to: partner,
        from: partner,
        timeouts: 0,
        tag,
    };
    // The kernel may speak for a thread for which it speaks already.
    let inside = me.resources.get() & Resources::INSIDE;
    let interrupted = Interrupted::of(me);
    let room_before = me.room.replace(room as u8);
    me.resources.set(me.resources.get() | Resources::INSIDE);
    run(me, &request);
    me.resources
        .set(me.resources.get() & !Resources::INSIDE | inside);
    me.room.set(room_before);
    if let Some(interrupted) = interrupted {
        interrupted.restore(me);
    }
    let outcome = outcome(me);
    // It may have got another UTCB meanwhile.
    let utcb = me.utcb.get();
    utcb.set(Field::ERROR_CODE, error_code);
    for (field, before) in OTHERS.into_iter().zip(others) {
        utcb.set(field, before);
    }
    if acceptor.is_some() {
        utcb.set(Field::BR0, acceptor_before);
    }
    outcome
}

/// An IPC with strings in the midst of which a call is made: what the thread had noted of it.
struct Interrupted {
    request: Request,
    intended: u64,
    virtual_sender: u64,
    passed_wait: bool,
}

impl Interrupted {
    fn of(me: Owned) -> Option<Self> {
        let in_transfer = me.resources.get() & Resources::TRANSFER != 0;
        in_transfer.then(|| Self {
            request: Request::noted(&me),
            intended: me.intended.get(),
            virtual_sender: me.virtual_sender.get(),
            passed_wait: me.passed_wait.replace(false),
        })
    }

    fn restore(self, me: Owned) {
        self.request.note(&me);
        me.intended.set(self.intended);
        me.virtual_sender.set(self.virtual_sender);
        me.passed_wait.set(self.passed_wait);
    }
}

/// What an answer for somebody else, or meant for somebody else, changes.
const OTHERS: [Field; 2] = [Field::VIRTUAL_SENDER, Field::INTENDED_RECEIVER];

/// How the IPC that has just ended went.
#[inline]
pub(in crate::ipc) fn outcome(me: Owned) -> Outcome {
    let utcb = me.utcb.get();
    if !Tag::from_raw(utcb.mr(0)).is_error() {
        return Outcome::Answered;
    }
    match IpcError::from_raw(utcb.get(Field::ERROR_CODE)) {
        Some(error) if error.code == IpcCode::NonExisting => Outcome::Nobody,
        Some(error) if error.code == IpcCode::Cancelled => Outcome::Cancelled,
        _ => Outcome::Failed,
    }
}

/// Carries the request out to its end.
fn run(me: Owned, request: &Request) {
    phases::perform(me, cpu::current(), request).carry_out(me);
    go_on(me);
}

/// Carries out what is left of the call of `me`, however often it has to take it up again, and wherever it moves.
#[inline(never)]
pub(crate) fn go_on(me: Owned) {
    loop {
        match me.again.replace(Again::Nothing) {
            Again::Nothing => return,
            Again::Receive => {
                receive::perform(me, cpu::current(), &Request::noted(&me)).carry_out(me)
            }
            Again::Restart => {
                phases::perform(me, cpu::current(), &Request::noted(&me)).carry_out(me)
            }
            Again::Take => receive::take_locked(me, cpu::current()).carry_out(me),
            // The kernel speaks for nobody else.
            Again::GiveBack => return,
        }
    }
}
