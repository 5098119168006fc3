//! What a CPU does with a node that arrives; pure decisions.
//!
//! The kernel and the model in `smp/model` both call these functions; the kernel
//! carries the decisions out on threads, the model on small numbers.
//!
//! # Nodes
//!
//! A thread has two: its *request* node, which carries what the thread asks of
//! another CPU and brings back the answer, and its *cancel* node. A node is in one
//! place at a time, and only the CPU it is at touches it. `here` is the CPU that
//! handles a node; S is the asker at home on A, R the partner at home on B.
//!
//! ```text
//!   A                                      B
//!   begin, push Request ---------------->  route, serve
//!                                            Deliver: copy, then silent or
//!        <-------------- Answer(Done) -----    loud
//!        <- Answer(Refused | Cancelled | Come) Answer
//!                                            Queue: enqueue, link
//!                                          R receives: unlink, dequeue, copy, ...
//!   demand = Recall: push Cancel ------->  unlink if linked
//!        <--------- Answer(Cancelled) ----
//!   push Control ----------------------->  route, execute
//!        <------- Answer(Done | Refused) -
//! ```
//!
//! # Rules
//!
//! 1. **Home.** Only its home touches a thread. What arrives for a thread that
//!    lives elsewhere is forwarded ([`route`]): to its home, or, if it left from
//!    here and has not published its arrival, to where it was sent. An id carries a version;
//!    an id whose version does not match names nobody ([`Receiver::Gone`]).
//! 2. **One end.** S stays as it is until its request has ended: by an answer, or by
//!    silent completion. A timeout, an abort, a deletion only `demand` the end
//!    ([`crate::request`]); a thread that is deleted stays, dying, until then.
//! 3. **Silence.** A request whose receive phase waits for ever ([`may_end_silently`]) ends
//!    without an answer, if nobody demanded one. So a thread that has such a request out may
//!    already be waiting. Whoever wants to send to it finds out by a demand
//!    ([`Serve::Settle`]); so does its home before it moves or deletes it. A sender that was
//!    queued at the asker *before* the request began finds out nothing: then the asker's home demands
//!    (Behind) between `begin` and the push, also when a request begins again after a move.
//! 4. **Queue.** A node is linked into a send queue only after `enqueue` succeeded on
//!    its request, and is used by the holder after unlinking only if `dequeue`
//!    succeeded; otherwise its Cancel is coming and answers for both nodes.
//! 5. **Death.** When R dies, its home refuses all that is queued (NonExisting).
//! 6. **Move.** A thread moves when its nodes are at home and it is in no transfer ([`crate::travel`]); else its home
//!    does it once that has ended, unless it was deleted. R's home pushes R's request node as Arrive; then it dequeues what
//!    is queued at R and forwards it in its order. R's local senders become askers from
//!    outside; if R itself was queued at a neighbour, it meets that one from where it arrives. The home is published by
//!    the CPU where R arrives, not by the one it leaves.
//! 7. **Control.** A request to look at or change a thread (`ExchangeRegisters`, `Schedule`, deletion,
//!    creation) is answered at once, whatever state the thread is in; it is never queued,
//!    so two threads that delete each other both get their answers. It is not cancelled: a
//!    deletion of the asker waits for the answer. Making a new thread of one that is
//!    still dying is refused (NotReady), and the asker's CPU asks again.
//! 8. **Own post.** A CPU that pushed a node to itself takes it before it runs a thread.
//!    Otherwise a receiver could reply before the caller, its neighbour, knows that its message arrived. It may leave
//!    others' nodes for later, but none that came before its own.
//! 9. **Visit.** A sender whose message may take long moves to R's CPU with it, by Arrive. There it is served as a
//!    neighbour of R, by [`serve`] with a fresh word: a transfer begins at once, it queues, or is refused. If R is not there, it
//!    stays where it has arrived and asks by its request node, and moves on when R, wherever that is, waits for it ([`across`]):
//!    two who ran after one another would never meet. It goes home when its send phase has ended in whatever way, and runs
//!    no user's instruction before. If its send phase ends before it has left, it does not leave.
//! 10. **Transfer.** Its two threads are on one CPU and stay there. Whatever ends it ends it for both, each with a result of
//!     its own: who waits hears at once, who copies or was to ask its pager hears when it runs, and a call to a pager that is
//!     under way is aborted.
//! 11. **Orphans.** When an id names nobody any more, each CPU ends the receive phases that wait for it alone. A CPU also looks when
//!     such a phase begins, and when a thread arrives.
//!
//! Rule 2 makes sequence numbers unnecessary: no message of an earlier request can be
//! under way when a request begins. The number in the word is there to check this.

use crate::cpuset::Cpu;
use crate::request::{Demand, Reason, Word};

/// What a node says to the CPU that takes it from its mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Deliver my message to the partner. The asker's request node, on its way out.
    Request,
    /// Look at, change, make or delete a thread, and answer at once. The asker's request node, on its way out.
    Control,
    /// The request has ended. The asker's request node, at home again, and its cancel node if that was sent.
    Answer(Answer),
    /// The asker wants the request back that is queued here. The asker's cancel node.
    Cancel,
    /// This thread lives here now. The request node of the thread that moves.
    Arrive,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The message was delivered, or the control request was executed.
    Done,
    /// The request was refused; the partner is unaffected.
    Refused(Refusal),
    /// The asker's CPU wanted it back, and the message was not delivered.
    Cancelled,
    /// The partner waits for the message, which may take long: the asker is to bring it.
    Come,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No thread has this id and version.
    NonExisting,
    /// The partner does not wait for this asker, which does not want to wait either.
    NotReady,
}

/// Where a thread lives, as the CPU that reads it sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Home {
    /// The CPU that published itself last.
    pub cpu: Cpu,
    /// Where `cpu` has sent the thread; meaningful only to `cpu` itself.
    pub leaving_for: Option<Cpu>,
}

/// Whose job a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Route {
    /// The thread lives here.
    Here,
    /// Push the node, unchanged, to that CPU.
    Forward(Cpu),
}

/// Whose job a Request or Control is whose partner (or slot, if it is dead) has this `home`.
///
/// A home that is read while it changes leads to a CPU that knows better.
#[inline]
pub fn route(here: Cpu, home: Home) -> Route {
    match home.leaving_for {
        _ if home.cpu != here => Route::Forward(home.cpu),
        Some(there) => Route::Forward(there),
        None => Route::Here,
    }
}

/// The partner of a request, as its home sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// Nobody has this id and version, or the thread is dying.
    Gone,
    /// In a receive phase that accepts the asker.
    Waiting,
    /// Has a request out. If that has ended silently, it waits already.
    Calling,
    /// Anything else.
    Busy,
}

impl Receiver {
    /// What a [`Receiver::Calling`] is after the demand on its request; `accepts` says whether its receive phase accepts
    /// the asker.
    #[inline]
    #[must_use]
    pub const fn settled(demand: Demand, accepts: bool) -> Self {
        match demand {
            Demand::Delivered if accepts => Self::Waiting,
            Demand::Delivered | Demand::Outstanding | Demand::Recall(_) => Self::Busy,
        }
    }
}

/// What to do with a Request at the home of the partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Serve {
    /// Copy the message; then, if the request may end silently, `deliver_silently`; if not, or if that fails, answer Done.
    Deliver,
    /// `demand(Behind)` on the *partner's* request, and serve again with [`Receiver::settled`].
    Settle,
    /// `enqueue(here)` on the request and link the node, or, if that fails, answer Cancelled.
    Queue,
    /// Push the node to the asker's home with this answer.
    Answer(Answer),
}

/// Decides a Request whose asker's word is `word`.
///
/// `patient` is false if the send timeout is zero. A local sender is served the
/// same way, with the word of a request that nobody cancelled.
#[inline]
pub fn serve(word: Word, receiver: Receiver, patient: bool) -> Serve {
    if word.cancelled().is_some() {
        return Serve::Answer(Answer::Cancelled);
    }
    match receiver {
        Receiver::Gone => Serve::Answer(Answer::Refused(Refusal::NonExisting)),
        Receiver::Waiting => Serve::Deliver,
        Receiver::Calling => Serve::Settle,
        Receiver::Busy if patient => Serve::Queue,
        Receiver::Busy => Serve::Answer(Answer::Refused(Refusal::NotReady)),
    }
}

/// What becomes of a decision of [`serve`] if the message comes from another CPU: one that may take long is not delivered from there.
#[inline]
pub const fn across(decision: Serve, takes_long: bool) -> Serve {
    match decision {
        Serve::Deliver if takes_long => Serve::Answer(Answer::Come),
        decision => decision,
    }
}

/// Whether a request may end silently: its receive phase needs no timeout that starts with the end of the send phase.
///
/// The asker's home adds a demand of its own if a sender is queued already (rule 3).
#[inline]
#[must_use]
pub const fn may_end_silently(receives: bool, receive_timeout_is_never: bool) -> bool {
    receives && receive_timeout_is_never
}

/// What becomes of an asker whose request has ended with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Ended {
    /// It was dying: free it.
    Delete,
    /// Start its receive phase.
    Receive,
    /// Its send phase goes on: it moves to where the partner is.
    Visit,
    /// Its operation is over.
    Report(Outcome),
}

/// What the asker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The message was delivered, or the control request was executed.
    Success,
    /// Send phase: the partner does not exist.
    NonExisting,
    /// Send phase: the timeout is over, or was zero.
    Timeout,
    /// Send phase: cancelled, the message was not delivered.
    Cancelled,
    /// Receive phase: cancelled, the message was delivered before.
    CancelledReceiving,
}

/// What the asker does when its send phase has ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// Nothing: it only sends.
    Stop,
    /// It receives.
    Receive,
    /// It would receive, but that was cancelled while the request was out.
    GiveUp,
}

/// Decides what follows `answer` at the asker's home; `word` is the request's last value.
///
/// A move that had to wait for the end of the request comes after it.
#[inline]
pub fn ended(word: Word, answer: Answer, then: Then) -> Ended {
    let reason = word.cancelled();
    if reason == Some(Reason::Kill) {
        return Ended::Delete;
    }
    let aborted = reason == Some(Reason::Abort);
    match answer {
        Answer::Done => match then {
            Then::Stop => Ended::Report(Outcome::Success),
            Then::Receive => Ended::Receive,
            Then::GiveUp => Ended::Report(Outcome::CancelledReceiving),
        },
        Answer::Refused(Refusal::NonExisting) => Ended::Report(Outcome::NonExisting),
        Answer::Refused(Refusal::NotReady) => Ended::Report(Outcome::Timeout),
        Answer::Come if reason.is_none() => Ended::Visit,
        Answer::Cancelled | Answer::Come if aborted => Ended::Report(Outcome::Cancelled),
        Answer::Cancelled | Answer::Come => Ended::Report(Outcome::Timeout),
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
